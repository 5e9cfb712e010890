import { useEffect, useState } from 'preact/hooks'
import { message } from '../base/api'
import { words } from '../base/format'
import { useTitle } from '../base/page'
import { completeURL, dashboardPath, go, url } from '../base/router'
import { Dialog, ErrorText, Form } from '../base/ui'
import { ImportDialog } from './import'
import { empty } from './model'
import { SavedGraphs } from './saved'
import { names, save } from './store'

const filterFrom = 9 // number of dashboards from which the filter is shown

// ListPage lists all dashboards by name.
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
  const shown = (all ?? []).filter((n) => words(text).every((w) => n.toLowerCase().includes(w)))
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
      {all && all.length >= filterFrom && (
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
              <a href={url(dashboardPath(n))}>{n}</a>
            </li>
          ))}
          {!shown.length && <li class="hint pad">No dashboard found.</li>}
        </ul>
      )}
      {all && !all.length && <NoDashboards />}
      <SavedGraphs />
      {dialog === 'new' && <NewDialog existing={all ?? []} onClose={() => setDialog('')} />}
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

function NoDashboards() {
  return (
    <section class="card welcome" aria-label="Start">
      <h2>No dashboards yet</h2>
      <p>A dashboard is a page of graphs. Create one here, or choose “Add to dashboard” above any graph.</p>
      <p>
        You can import dashboards of graphite-web as JSON, or as a list of graph URLs. To import all of them at once:
      </p>
      <pre>{`django-admin dumpdata dashboard > dashboards.json
curl --data-binary @dashboards.json ${completeURL('/dashboard/import')}`}</pre>
    </section>
  )
}

function NewDialog(props: { existing: string[]; onClose: () => void }) {
  const [text, setText] = useState('')
  const [failure, setFailure] = useState('')
  const name = text.trim()
  const create = async () => {
    try {
      if (props.existing.includes(name)) throw new Error('A dashboard with this name already exists')
      await save(empty(name))
      props.onClose()
      go(dashboardPath(name), [['edit', '1']])
    } catch (e) {
      setFailure(message(e))
    }
  }
  return (
    <Dialog title="New dashboard" onClose={props.onClose}>
      <Form submit="Create" disabled={!name} failure={failure} onSubmit={() => void create()}>
        <label>
          Name
          <input value={text} onInput={(e) => setText(e.currentTarget.value)} required autofocus maxLength={200} />
        </label>
      </Form>
    </Dialog>
  )
}
