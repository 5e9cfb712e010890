import { useEffect, useState } from 'preact/hooks'
import { message } from '../base/api'
import { dashboardPath, go } from '../base/router'
import { Dialog, Form, notify } from '../base/ui'
import type { Graph } from '../graph/state'
import { draftOf, keepDraft } from './drafts'
import { empty, withPanel } from './model'
import { load, names, save } from './store'

// AddToDashboard is the dialog that adds a graph to a new or existing dashboard.
export function AddToDashboard(props: { graph: Graph; onClose: () => void }) {
  const { graph } = props
  const [existing, setExisting] = useState<string[]>([])
  const [text, setText] = useState('')
  const [title, setTitle] = useState(graph.options.title ?? '')
  const [failure, setFailure] = useState('')
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    names().then(setExisting, (e: unknown) => setFailure(message(e)))
  }, [])
  const name = text.trim()
  const isNew = name !== '' && !existing.includes(name)
  const add = async () => {
    setBusy(true)
    try {
      const d = isNew ? empty(name) : await load(name)
      if (isNew && graph.range.from) d.range = graph.range
      const options = { ...graph.options, ...(title ? { title } : {}) }
      await save(withPanel(d, graph.targets, options))
      const draft = draftOf(name)
      if (draft) keepDraft(name, withPanel(draft, graph.targets, options))
      props.onClose()
      notify(`Added to ${name}`)
      go(dashboardPath(name))
    } catch (e) {
      setFailure(message(e))
      setBusy(false)
    }
  }
  return (
    <Dialog title="Add to a dashboard" onClose={props.onClose}>
      <Form
        submit={isNew ? 'Create dashboard' : 'Add'}
        disabled={busy || !name}
        failure={failure}
        onSubmit={() => void add()}
      >
        <label>
          Dashboard
          <input
            value={text}
            onInput={(e) => setText(e.currentTarget.value)}
            list="dashboards"
            required
            autofocus
            placeholder="Name of a new or existing dashboard"
          />
        </label>
        <datalist id="dashboards">
          {existing.map((n) => (
            <option value={n} key={n} />
          ))}
        </datalist>
        <label>
          Title of the graph
          <input value={title} onInput={(e) => setTitle(e.currentTarget.value)} placeholder="Default: the targets" />
        </label>
      </Form>
    </Dialog>
  )
}
