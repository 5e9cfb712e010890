import { useEffect, useRef, useState } from 'preact/hooks'
import { useTitle } from '../base/page'
import { changed, dashboardPath, decode, go, type Place, url } from '../base/router'
import { absolute } from '../base/time'
import { ErrorText } from '../base/ui'
import type { Series } from '../graph/load'
import { download, openSnapshot, saveDashboard, titleOf } from './actions'
import { type DialogName, Dialogs } from './dialogs'
import { PanelDialog } from './edit'
import { Grid } from './grid'
import { HistoryDialog } from './history'
import { type Dashboard, newPanel, type Panel, withPanel } from './model'
import type { View } from './panel'
import { EditBar, Toolbar } from './toolbar'
import { type Address, useDashboard, useSettings, variableParam } from './use'

// Parameters of the page that saving moves into the dashboard.
const saved: Record<string, null> = { edit: null, from: null, until: null, tz: null, refresh: null }

// DashboardPage shows and edits a dashboard. Changes of time range and variables go into
// the address of the page. All other changes are kept until the user saves or discards
// them.
export function DashboardPage(props: { place: Place }) {
  const address = addressOf(props.place)
  const state = useDashboard(address)
  useTitle(address.name)
  const show: Show = (changes, replace = true) => go(props.place.path, changed(props.place.params, changes), replace)
  const versions = {
    onOpenVersion: (version: number) => show({ version: String(version) }, false),
    onRestored: () => {
      state.change(null)
      show({ version: null })
      state.reload()
    },
  }
  if (state.failure) return <Unavailable name={address.name} failure={state.failure} {...versions} />
  if (!state.dashboard) return <main class="narrow" aria-busy="true" />
  return (
    <DashboardView
      place={props.place}
      address={address}
      state={state}
      dashboard={state.dashboard}
      show={show}
      {...versions}
    />
  )
}

// Show sets parameters of the page. By default it adds no entry to the history.
type Show = (changes: Record<string, string | null>, replace?: boolean) => void

interface ViewProps {
  place: Place
  address: Address
  state: ReturnType<typeof useDashboard>
  dashboard: Dashboard
  show: Show
  onOpenVersion: (version: number) => void
  onRestored: () => void
}

function DashboardView(props: ViewProps) {
  const { place, address, state, dashboard: d, show } = props
  const settings = useSettings(place.params, d)
  const [dialog, setDialog] = useState<DialogName>('')
  const [panel, setPanel] = useState<Panel | null>(null) // in the panel dialog; id 0: a new panel
  const series = useRef(new Map<number, Series[]>())
  const fullScreen = place.params.get('wall') === '1'
  const editing = place.params.get('edit') === '1'
  useEscape(fullScreen, () => show({ wall: null }), [place])
  const view: View = {
    ...settings,
    onRange: (from, until) => show({ ...absolute(from, until) }, false),
    onData: (id, drawn) => series.current.set(id, drawn),
  }
  const change = (part: Partial<Dashboard>) => state.change({ ...d, ...part })
  const discard = () => state.change(null)
  const saveAs = async (name: string) => {
    const { range, tz, refresh, variables } = settings
    const next = { ...d, name, range, tz, refresh, variables }
    if (!(await saveDashboard(next))) return
    state.setStored(next)
    discard()
    setDialog('')
    if (name !== address.name || address.value !== undefined || address.version) go(dashboardPath(name), [], true)
    else show({ ...saved, ...Object.fromEntries(variables.map((v) => [variableParam(v.name), null])) })
  }
  const snapshot = () => {
    setDialog('')
    void openSnapshot(d, view, series.current)
  }
  return (
    <main class={`dashboard ${fullScreen ? 'wall' : ''}`}>
      <div class="heading">
        <Title dashboard={d} version={address.version} changed={state.isChanged} />
        {!fullScreen && (
          <Toolbar
            view={view}
            editing={editing}
            changed={state.isChanged}
            savable={state.isChanged || editing || address.version > 0}
            show={show}
            onSave={() => void saveAs(d.name)}
            onDiscard={discard}
            onSnapshot={snapshot}
            onExport={() => download(d)}
            onDialog={setDialog}
          />
        )}
      </div>
      {editing && <EditBar onAdd={() => setPanel(newEntry)} onVariables={() => setDialog('variables')} />}
      <Panels
        dashboard={d}
        view={view}
        editing={editing}
        fullScreen={fullScreen}
        onPanels={(panels) => change({ panels })}
        onEdit={setPanel}
      />
      {panel && (
        <PanelDialog
          panel={panel}
          view={view}
          onClose={() => setPanel(null)}
          onChange={(p) => state.change(withEdited(d, p))}
        />
      )}
      <Dialogs
        {...props}
        open={dialog}
        range={view.range}
        onClose={() => setDialog('')}
        onSnapshot={snapshot}
        onVariables={(variables) => change({ variables })}
        onName={(name) => void saveAs(name)}
        onDeleted={discard}
      />
    </main>
  )
}

// Title shows the name of a dashboard, and which state of it is shown.
function Title(props: { dashboard: Dashboard; version: number; changed: boolean }) {
  return (
    <>
      <h1>{titleOf(props.dashboard)}</h1>
      {props.version > 0 && <span class="badge">version {props.version}</span>}
      {props.changed && <span class="badge">not saved</span>}
    </>
  )
}

// newEntry is the panel that the panel dialog turns into a new one.
const newEntry: Panel = { ...newPanel([], {}, []), id: 0 }

// Panels shows the panels of a dashboard, or a hint if it has none.
function Panels(props: {
  dashboard: Dashboard
  view: View
  editing: boolean
  fullScreen: boolean
  onPanels: (panels: Panel[]) => void
  onEdit: (panel: Panel) => void
}) {
  const { panels } = props.dashboard
  if (!panels.length) return <NoPanels onAdd={() => props.onEdit(newEntry)} />
  return (
    <Grid
      panels={panels}
      view={props.view}
      editing={props.editing}
      fullScreen={props.fullScreen}
      onPanels={props.onPanels}
      onEdit={props.onEdit}
      onDuplicate={(p) => props.onPanels([...panels, duplicate(p, panels)])}
      onRemove={(p) => props.onPanels(panels.filter((q) => q.id !== p.id))}
    />
  )
}

// addressOf reads the address of a dashboard from /dashboard/NAME[/VALUE]?version=VERSION.
function addressOf(place: Place): Address {
  const [, , name = '', value] = place.path.split('/')
  return {
    name: decode(name),
    value: value === undefined ? undefined : decode(value),
    version: Number(place.params.get('version')) || 0,
  }
}

// useEscape calls a function when the user presses Escape.
function useEscape(enabled: boolean, f: () => void, inputs: unknown[]): void {
  useEffect(() => {
    if (!enabled) return
    const key = (e: KeyboardEvent) => {
      if (e.key === 'Escape') f()
    }
    addEventListener('keydown', key)
    return () => removeEventListener('keydown', key)
  }, [enabled, ...inputs])
}

// duplicate returns a copy of a panel, placed at the end.
function duplicate(p: Panel, panels: Panel[]): Panel {
  return { ...newPanel(p.targets, p.options, panels), w: p.w, h: p.h, x: 0 }
}

// withEdited returns the dashboard with a panel of the panel dialog.
function withEdited(d: Dashboard, p: Panel): Dashboard {
  if (!p.id) return withPanel(d, p.targets, p.options)
  return { ...d, panels: d.panels.map((q) => (q.id === p.id ? p : q)) }
}

function NoPanels(props: { onAdd: () => void }) {
  return (
    <section class="card welcome" aria-label="Start">
      <h2>No graphs yet</h2>
      <p>
        <button type="button" class="link" onClick={props.onAdd}>
          Add a graph here
        </button>
        , or <a href={url('/')}>explore</a> and choose “Add to dashboard” there.
      </p>
    </section>
  )
}

// Unavailable is shown for a dashboard that cannot be loaded, such as a deleted one.
function Unavailable(props: {
  name: string
  failure: string
  onOpenVersion: (version: number) => void
  onRestored: () => void
}) {
  const [open, setOpen] = useState(false)
  return (
    <main class="narrow">
      <h1>{props.name}</h1>
      <ErrorText text={props.failure} />
      <p>
        <a href={url('/dashboard')}>All dashboards</a> ·{' '}
        <button type="button" class="link" onClick={() => setOpen(true)}>
          Saved versions
        </button>
      </p>
      {open && <HistoryDialog {...props} onClose={() => setOpen(false)} />}
    </main>
  )
}
