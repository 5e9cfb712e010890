import { useState } from 'preact/hooks'
import { message } from '../base/api'
import { Dialog, Form, notify } from '../base/ui'
import { empty, graphsOf, readState, withPanel } from './model'
import { importAll, save } from './store'

// ImportDialog imports dashboards from a file or a text.
export function ImportDialog(props: { onClose: () => void }) {
  const [text, setText] = useState('')
  const [name, setName] = useState('')
  const [failure, setFailure] = useState('')
  const [busy, setBusy] = useState(false)
  const run = async () => {
    setBusy(true)
    try {
      notify(`Imported ${await importText(text, name.trim())}`)
      props.onClose()
    } catch (e) {
      setFailure(message(e))
      setBusy(false)
    }
  }
  const read = async (file: File | undefined) => {
    if (!file) return
    setText(await file.text())
    if (!name) setName(file.name.replace(/\.\w+$/, ''))
  }
  return (
    <Dialog title="Import" onClose={props.onClose} wide>
      <Form submit="Import" disabled={busy || !text.trim()} failure={failure} onSubmit={() => void run()}>
        <p class="hint">
          Import a dashboard that was exported here, the JSON of a graphite-web dashboard, the output of{' '}
          <code>django-admin dumpdata</code>, or URLs of graphs, one per line.
        </p>
        <label>
          File
          <input type="file" accept=".json,.txt" onChange={(e) => void read(e.currentTarget.files?.[0])} />
        </label>
        <label>
          Or text
          <textarea
            rows={8}
            value={text}
            onInput={(e) => setText(e.currentTarget.value)}
            spellcheck={false}
            class="mono"
          />
        </label>
        <label>
          Name, if the text contains none
          <input value={name} onInput={(e) => setName(e.currentTarget.value)} />
        </label>
      </Form>
    </Dialog>
  )
}

// importText saves the dashboards in a text. It returns the name of the dashboard, or how
// many there were.
async function importText(text: string, name: string): Promise<string> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return importGraphs(text, name)
  }
  if (typeof value !== 'object' || value === null) throw new Error('The text is not a dashboard')
  const state = 'state' in value && !Array.isArray(value) ? parsed(value.state) : value
  if (!Array.isArray(state) && typeof state === 'object' && state !== null && 'graphs' in state) {
    const found = name || nameIn(value) || nameIn(state)
    if (!found) throw new Error('Enter a name for the dashboard')
    await save(readState(found, state))
    return found
  }
  const { imported, entries } = await importAll(value)
  const failed = entries.filter((e) => !e.success)
  if (failed.length) {
    const reasons = failed.slice(0, 3).map((e) => `${e.name}: ${e.error}`)
    throw new Error(`${imported} imported, ${failed.length} failed: ${reasons.join('; ')}`)
  }
  return imported === 1 ? '1 dashboard' : `${imported} dashboards`
}

// importGraphs saves a dashboard of the graphs whose URLs are in the text.
async function importGraphs(text: string, name: string): Promise<string> {
  const graphs = graphsOf(text)
  if (!graphs.length) throw new Error('The text is neither JSON nor URLs of graphs')
  if (!name) throw new Error('Enter a name for the dashboard')
  let d = empty(name)
  if (graphs[0]!.range.from) d.range = graphs[0]!.range
  for (const g of graphs) d = withPanel(d, g.targets, g.options)
  await save(d)
  return name
}

function nameIn(value: object): string {
  return 'name' in value && typeof value.name === 'string' ? value.name : ''
}

function parsed(v: unknown): unknown {
  return typeof v === 'string' ? JSON.parse(v) : v
}
