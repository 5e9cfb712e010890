import { useEffect, useState } from 'preact/hooks'
import { message } from '../base/api'
import { useTitle } from '../base/page'
import { go, url } from '../base/router'
import { Dialog, ErrorText, notify } from '../base/ui'
import { empty, graphsOf, newPanel, readState } from './model'
import { SavedGraphs } from './saved'
import { importAll, names, save } from './store'

// ListPage lists the dashboards by name; a slash or a dot in names makes no folders.
export function ListPage() {
  const [all, setAll] = useState<string[] | null>(null)
  const [text, setText] = useState('')
  const [failure, setFailure] = useState('')
  const [dialog, setDialog] = useState<'' | 'new' | 'import'>('')
  useTitle('Dashboards')
  const reload = () => {
    names().then(setAll, (e: unknown) => setFailure(message(e)))
  }
  useEffect(reload, [])
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const shown = (all ?? []).filter((n) => words.every((w) => n.toLowerCase().includes(w)))
  return (
    <main class="narrow">
      <div class="heading">
        <h1>Dashboards</h1>
        <span class="gap" />
        <button type="button" class="quiet-button" onClick={() => setDialog('import')}>
          Import
        </button>
        <button type="button" class="strong" onClick={() => setDialog('new')}>
          New
        </button>
      </div>
      {failure && <ErrorText text={failure} />}
      {all && all.length > 8 && (
        <input
          type="search"
          class="filter"
          placeholder="Find a dashboard"
          aria-label="Find a dashboard"
          value={text}
          onInput={(e) => setText(e.currentTarget.value)}
        />
      )}
      {all && all.length > 0 && (
        <ul class="card names">
          {shown.map((n) => (
            <li key={n}>
              <a href={url(`/dashboard/${encodeURIComponent(n)}`)}>{n}</a>
            </li>
          ))}
          {!shown.length && <li class="hint pad">No name has these words.</li>}
        </ul>
      )}
      {all && !all.length && (
        <section class="card welcome" aria-label="Start">
          <h2>None yet</h2>
          <p>A dashboard is a page of graphs. Make one here, or choose “Add to dashboard” at any graph.</p>
          <p>
            Those of a graphite-web can be imported: as the JSON that it stores, as addresses of graphs, or all at once:
          </p>
          <pre>{`django-admin dumpdata dashboard > dashboards.json
curl --data-binary @dashboards.json ${location.origin}${url('/dashboard/import')}`}</pre>
        </section>
      )}
      <SavedGraphs />
      {dialog === 'new' && <NewDialog taken={all ?? []} onClose={() => setDialog('')} />}
      {dialog === 'import' && (
        <ImportDialog
          onClose={() => {
            setDialog('')
            reload()
          }}
        />
      )}
    </main>
  )
}

function NewDialog(props: { taken: string[]; onClose: () => void }) {
  const [name, setName] = useState('')
  const [failure, setFailure] = useState('')
  const make = async () => {
    try {
      if (props.taken.includes(name.trim())) throw new Error('There is one of this name')
      await save(empty(name.trim()))
      props.onClose()
      go(`/dashboard/${encodeURIComponent(name.trim())}`, [['edit', '1']])
    } catch (e) {
      setFailure(message(e))
    }
  }
  return (
    <Dialog title="New dashboard" onClose={props.onClose}>
      <form
        class="fields"
        onSubmit={(e) => {
          e.preventDefault()
          void make()
        }}
      >
        {failure && <ErrorText text={failure} />}
        <label>
          Name
          <input value={name} onInput={(e) => setName(e.currentTarget.value)} required autofocus maxLength={200} />
        </label>
        <div class="actions">
          <button type="submit" class="strong" disabled={!name.trim()}>
            Make it
          </button>
        </div>
      </form>
    </Dialog>
  )
}

function ImportDialog(props: { onClose: () => void }) {
  const [text, setText] = useState('')
  const [name, setName] = useState('')
  const [failure, setFailure] = useState('')
  const [busy, setBusy] = useState(false)
  const bring = async () => {
    setBusy(true)
    try {
      const made = await importText(text, name.trim())
      notify(made ? `Imported ${made}` : 'Imported')
      props.onClose()
    } catch (e) {
      setFailure(message(e))
      setBusy(false)
    }
  }
  return (
    <Dialog title="Import" onClose={props.onClose} wide>
      <form
        class="fields"
        onSubmit={(e) => {
          e.preventDefault()
          void bring()
        }}
      >
        {failure && <ErrorText text={failure} />}
        <p class="hint">
          A dashboard that was exported here, one of graphite-web as its JSON, what dumpdata of its Django wrote, or
          addresses of graphs, one a line.
        </p>
        <label>
          From a file
          <input
            type="file"
            accept=".json,.txt"
            onChange={async (e) => {
              const file = e.currentTarget.files?.[0]
              if (!file) return
              setText(await file.text())
              if (!name) setName(file.name.replace(/\.\w+$/, ''))
            }}
          />
        </label>
        <label>
          Or from here
          <textarea
            rows={8}
            value={text}
            onInput={(e) => setText(e.currentTarget.value)}
            spellcheck={false}
            class="mono"
          />
        </label>
        <label>
          Name, where none is given
          <input value={name} onInput={(e) => setName(e.currentTarget.value)} />
        </label>
        <div class="actions">
          <button type="submit" class="strong" disabled={busy || !text.trim()}>
            Import
          </button>
        </div>
      </form>
    </Dialog>
  )
}

// importText saves what a text describes, and returns the name if it is one.
async function importText(text: string, name: string): Promise<string> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    const graphs = graphsOf(text)
    if (!graphs.length) throw new Error('This is neither JSON nor addresses of graphs')
    if (!name) throw new Error('The dashboard of these graphs needs a name')
    const d = empty(name)
    d.range = graphs[0]!.range.from ? graphs[0]!.range : d.range
    for (const g of graphs) d.panels.push(newPanel(g.targets, g.options, d.panels))
    await save(d)
    return name
  }
  if (typeof value !== 'object' || value === null) throw new Error('This is no dashboard')
  const state = 'state' in value && !Array.isArray(value) ? parsed(value.state) : value
  if (!Array.isArray(state) && typeof state === 'object' && state !== null && 'graphs' in state) {
    const given = 'name' in value && typeof value.name === 'string' ? value.name : ''
    const own = 'name' in state && typeof state.name === 'string' ? state.name : ''
    const called = name || given || own
    if (!called) throw new Error('The dashboard needs a name')
    await save(readState(called, state))
    return called
  }
  const done = await importAll(value)
  const bad = done.entries.filter((e) => !e.success)
  if (bad.length)
    throw new Error(
      `${done.imported} imported, ${bad.length} not: ${bad
        .slice(0, 3)
        .map((e) => `${e.name}: ${e.error}`)
        .join('; ')}`,
    )
  return `${done.imported} of them`
}

function parsed(v: unknown): unknown {
  return typeof v === 'string' ? JSON.parse(v) : v
}
