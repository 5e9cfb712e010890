import { useEffect, useState } from 'preact/hooks'
import { message, shortLink } from '../base/api'
import { changed, completeURL, go, type Place } from '../base/router'
import { absolute, type Range, windowOf } from '../base/time'
import { Copyable, Dialog, Form, notify } from '../base/ui'
import { HistoryDialog } from './history'
import type { Dashboard, Variable } from './model'
import { remove } from './store'
import { VariableEditor } from './variables'

// DialogName names the open dialog of a dashboard; empty: none.
export type DialogName = '' | 'history' | 'share' | 'variables' | 'delete' | 'name'

// Dialogs shows the open dialog of a dashboard.
export function Dialogs(props: {
  open: DialogName
  place: Place
  dashboard: Dashboard
  range: Range
  onClose: () => void
  onOpenVersion: (version: number) => void
  onRestored: () => void
  onSnapshot: () => void
  onVariables: (variables: Variable[]) => void
  onName: (name: string) => void
  onDeleted: () => void
}) {
  const { onClose } = props
  const { name, variables } = props.dashboard
  switch (props.open) {
    case 'history':
      return (
        <HistoryDialog
          name={name}
          onClose={onClose}
          onOpenVersion={props.onOpenVersion}
          onRestored={props.onRestored}
        />
      )
    case 'share':
      return <ShareDialog place={props.place} range={props.range} onClose={onClose} onSnapshot={props.onSnapshot} />
    case 'variables':
      return (
        <Dialog title="Variables" onClose={onClose} wide>
          <VariableEditor variables={variables} onChange={props.onVariables} />
        </Dialog>
      )
    case 'name':
      return <SaveAsDialog name={name} onClose={onClose} onName={props.onName} />
    case 'delete':
      return <DeleteDialog name={name} onClose={onClose} onDeleted={props.onDeleted} />
    default:
      return null
  }
}

// ShareDialog shows the URLs of a dashboard.
function ShareDialog(props: { place: Place; range: Range; onClose: () => void; onSnapshot: () => void }) {
  const { path } = props.place
  const params = changed(props.place.params, { edit: null })
  const window = windowOf(props.range)
  const fixed = window ? changed(params, { ...absolute(...window) }) : params
  const [short, setShort] = useState('')
  useEffect(() => {
    shortLink(path, params).then(setShort, () => {})
  }, [])
  return (
    <Dialog title="Share" onClose={props.onClose} wide>
      <Copyable label="This dashboard" text={completeURL(path, params)} />
      <Copyable label="With this exact time range" text={completeURL(path, fixed)} />
      {short && <Copyable label="Short link" text={short} />}
      <Copyable label="Full screen" text={completeURL(path, changed(params, { wall: '1' }))} />
      <div class="actions">
        <button type="button" class="quiet-button" onClick={props.onSnapshot}>
          Create a snapshot
        </button>
        <span class="hint">A snapshot keeps the data shown now, even if the metrics are deleted.</span>
      </div>
    </Dialog>
  )
}

// SaveAsDialog asks for a new name.
function SaveAsDialog(props: { name: string; onName: (name: string) => void; onClose: () => void }) {
  const [name, setName] = useState(props.name)
  return (
    <Dialog title="Save as" onClose={props.onClose}>
      <Form submit="Save" disabled={!name.trim()} onSubmit={() => props.onName(name.trim())}>
        <label>
          Name
          <input value={name} onInput={(e) => setName(e.currentTarget.value)} required autofocus />
        </label>
      </Form>
    </Dialog>
  )
}

// DeleteDialog asks for confirmation and deletes a dashboard.
function DeleteDialog(props: { name: string; onDeleted: () => void; onClose: () => void }) {
  const { name } = props
  const run = async () => {
    try {
      await remove(name)
      props.onDeleted()
      notify(`Deleted ${name}`)
      go('/dashboard')
    } catch (e) {
      notify(message(e), true)
    }
  }
  return (
    <Dialog title={`Delete ${name}?`} onClose={props.onClose}>
      <p>The server keeps its versions. Restoring one brings the dashboard back.</p>
      <div class="actions">
        <button type="button" class="quiet-button" onClick={props.onClose}>
          Cancel
        </button>
        <button type="button" class="strong bad" onClick={() => void run()}>
          Delete
        </button>
      </div>
    </Dialog>
  )
}
