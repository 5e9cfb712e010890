import { useState } from 'preact/hooks'
import { message, postJSON } from '../base/api'
import { Dialog, Form, notify } from '../base/ui'

// AddEvent is the dialog that adds an event.
export function AddEvent(props: { onClose: () => void; onAdded: () => void }) {
  const [what, setWhat] = useState('')
  const [tags, setTags] = useState('')
  const [data, setData] = useState('')
  const [when, setWhen] = useState('')
  const [failure, setFailure] = useState('')
  const add = async () => {
    try {
      await postJSON('/events', {
        what: what.trim(),
        tags: tags.split(/[\s,]+/).filter(Boolean),
        data,
        ...(when ? { when: Math.floor(new Date(when).getTime() / 1000) } : {}),
      })
      notify('Event added')
      props.onAdded()
    } catch (e) {
      setFailure(message(e))
    }
  }
  return (
    <Dialog title="Add an event" onClose={props.onClose}>
      <Form submit="Add" disabled={!what.trim()} failure={failure} onSubmit={() => void add()}>
        <label>
          Event
          <input
            value={what}
            placeholder="deployed web 1.4"
            onInput={(e) => setWhat(e.currentTarget.value)}
            required
            autofocus
          />
        </label>
        <label>
          Tags
          <input value={tags} onInput={(e) => setTags(e.currentTarget.value)} placeholder="deploy web" />
        </label>
        <label>
          Time
          <input
            type="datetime-local"
            value={when}
            onInput={(e) => setWhen(e.currentTarget.value)}
            aria-describedby="when-hint"
          />
          <span class="hint" id="when-hint">
            Empty: now
          </span>
        </label>
        <label>
          Details
          <textarea rows={3} value={data} onInput={(e) => setData(e.currentTarget.value)} />
        </label>
      </Form>
    </Dialog>
  )
}
