import { useEffect, useState } from 'preact/hooks'
import { message } from '../base/api'
import { go } from '../base/router'
import { Dialog, ErrorText, notify } from '../base/ui'
import type { Graph } from '../graph/state'
import { draftOf, keepDraft } from './drafts'
import { empty, newPanel, type Panel } from './model'
import { load, names, save } from './store'

// AddToDashboard saves a graph as a panel of a dashboard, old or new.
export function AddToDashboard(props: { graph: Graph; onClose: () => void }) {
  const { graph } = props
  const [all, setAll] = useState<string[]>([])
  const [name, setName] = useState('')
  const [title, setTitle] = useState(graph.options.title ?? '')
  const [failure, setFailure] = useState('')
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    names().then(setAll, (e: unknown) => setFailure(message(e)))
  }, [])
  const isNew = name.trim() !== '' && !all.includes(name.trim())
  const add = async () => {
    setBusy(true)
    try {
      const d = isNew ? empty(name.trim()) : await load(name.trim())
      if (isNew && graph.range.from) d.range = graph.range
      const panel = (among: Panel[]) =>
        newPanel(graph.targets, { ...graph.options, ...(title ? { title } : {}) }, among)
      d.panels.push(panel(d.panels))
      await save(d)
      const draft = draftOf(d.name)
      if (draft) keepDraft(d.name, { ...draft, panels: [...draft.panels, panel(draft.panels)] })
      props.onClose()
      notify(`Added to ${d.name}`)
      go(`/dashboard/${encodeURIComponent(d.name)}`)
    } catch (e) {
      setFailure(message(e))
      setBusy(false)
    }
  }
  return (
    <Dialog title="Add to a dashboard" onClose={props.onClose}>
      <form
        class="fields"
        onSubmit={(e) => {
          e.preventDefault()
          void add()
        }}
      >
        {failure && <ErrorText text={failure} />}
        <label>
          Dashboard
          <input
            value={name}
            onInput={(e) => setName(e.currentTarget.value)}
            list="dashboards"
            required
            autofocus
            placeholder="A name, old or new"
          />
        </label>
        <datalist id="dashboards">
          {all.map((n) => (
            <option value={n} key={n} />
          ))}
        </datalist>
        <label>
          Title of the graph
          <input value={title} onInput={(e) => setTitle(e.currentTarget.value)} placeholder="Its targets" />
        </label>
        <div class="actions">
          <button type="submit" class="strong" disabled={busy || !name.trim()}>
            {isNew ? 'Make the dashboard' : 'Add'}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
