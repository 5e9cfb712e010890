import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { getText, message } from '../base/api'
import { config } from '../base/config'
import { Icon } from '../base/icon'
import { useTitle } from '../base/page'
import { RangePicker, RefreshPicker } from '../base/range'
import { go, type Place, query, url } from '../base/router'
import { absolute, windowOf } from '../base/time'
import { Copyable, Dialog, ErrorText, IconButton, menuItems, notify, Popover } from '../base/ui'
import type { Series } from '../graph/load'
import { draftOf, keepDraft } from './drafts'
import { Grid } from './grid'
import { HistoryDialog } from './history'
import { type Dashboard, newPanel, type Panel, writeState } from './model'
import { PanelDialog, type Shown } from './panel'
import { load, loadTemplate, remove, save, saveTemporary } from './store'
import { VariableBar, VariableEditor } from './variables'

// DashboardPage shows a dashboard. What the reader changes of time and variables
// stands in the address; what is edited is kept when it is saved.
export function DashboardPage(props: { place: Place }) {
  const { path, params } = props.place
  const [, , rawName = '', rawValue] = path.split('/')
  const name = decode(rawName)
  const value = rawValue === undefined ? undefined : decode(rawValue)
  const version = Number(params.get('version') ?? '0') || 0
  const [stored, setStored] = useState<Dashboard | null>(null)
  const [changed, setDraft] = useState<Dashboard | null>(null)
  const [failure, setFailure] = useState('')
  const [round, setRound] = useState(0)
  const [dialog, setDialog] = useState<'' | 'history' | 'share' | 'variables' | 'delete' | 'name'>('')
  const [panel, setPanel] = useState<Panel | null>(null)
  const drawn = useRef(new Map<number, Series[]>())
  useTitle(name)

  const latest = version === 0 && value === undefined
  const setChanged = (next: Dashboard | null) => {
    setDraft(next)
    if (latest || next === null) keepDraft(name, next)
  }
  useEffect(() => {
    setDraft(latest ? draftOf(name) : null)
    setFailure('')
    const answer = value === undefined ? load(name, version) : loadTemplate(name, value)
    answer.then(setStored, (e: unknown) => {
      setStored(null)
      setFailure(message(e))
    })
  }, [name, value, version, round])

  const d = changed ?? stored
  const editing = params.get('edit') === '1'
  const wall = params.get('wall') === '1'
  const put = (more: Record<string, string | null>, replace = true) => {
    const all = new Map(params)
    for (const [k, v] of Object.entries(more)) {
      if (v === null) all.delete(k)
      else all.set(k, v)
    }
    go(path, all, replace)
  }
  useEffect(() => {
    if (!wall) return
    const leave = (e: KeyboardEvent) => {
      if (e.key === 'Escape') put({ wall: null })
    }
    addEventListener('keydown', leave)
    return () => removeEventListener('keydown', leave)
  }, [wall, path, params])

  const range = useMemo(
    () =>
      params.has('from') || params.has('until')
        ? { from: params.get('from') ?? '', until: params.get('until') ?? '' }
        : (d?.range ?? { from: '-1h', until: '' }),
    [params, d?.range],
  )
  const variables = useMemo(
    () => (d?.variables ?? []).map((v) => ({ ...v, value: params.get(`var-${v.name}`) ?? v.value })),
    [params, d?.variables],
  )
  const tz = params.get('tz') ?? d?.tz ?? ''
  const refresh = params.has('refresh') ? Number(params.get('refresh')) || 0 : (d?.refresh ?? 0)
  const shown: Shown = {
    range,
    tz,
    variables,
    refresh,
    events: params.get('events'),
    onRange: (from, until) => put({ ...absolute(from, until) }, false),
    onData: (id, series) => drawn.current.set(id, series),
  }
  if (failure) {
    return (
      <main class="narrow">
        <h1>{name}</h1>
        <ErrorText text={failure} />
        <p>
          <a href={url('/dashboard')}>All dashboards</a> ·{' '}
          <button type="button" class="link" onClick={() => setDialog('history')}>
            Versions that are kept
          </button>
        </p>
        {dialog === 'history' && (
          <HistoryDialog
            name={name}
            onClose={() => setDialog('')}
            onLook={(v) => {
              setDialog('')
              put({ version: String(v) }, false)
            }}
            onRestored={() => {
              setDialog('')
              setRound(round + 1)
            }}
          />
        )}
      </main>
    )
  }
  if (!d) return <main class="narrow" aria-busy="true" />

  const change = (part: Partial<Dashboard>) => setChanged({ ...d, ...part })
  const keep = async (as = d.name) => {
    try {
      const next = { ...d, name: as, range, tz, refresh, variables }
      await save(next)
      notify(`Saved ${as}`)
      setStored(next)
      setChanged(null)
      setDialog('')
      if (as !== name || value !== undefined || version) go(`/dashboard/${encodeURIComponent(as)}`, [], true)
      else
        put({
          edit: null,
          from: null,
          until: null,
          tz: null,
          refresh: null,
          ...Object.fromEntries(variables.map((v) => [`var-${v.name}`, null])),
        })
    } catch (e) {
      notify(message(e), true)
    }
  }
  const snapshot = async () => {
    try {
      const w = windowOf(range)
      const frozen = {
        ...d,
        name: `${d.name} (snapshot)`,
        range: w ? absolute(...w) : range,
        refresh: 0,
        variables,
        panels: d.panels.map((p) => ({ ...p, frozen: drawn.current.get(p.id) ?? [] })),
      }
      const made = await saveTemporary(frozen)
      setDialog('')
      go(`/dashboard/${encodeURIComponent(made)}`)
      notify('This is the snapshot: its address can be shared')
    } catch (e) {
      notify(message(e), true)
    }
  }
  const download = () => {
    const link = document.createElement('a')
    const blob = new Blob([JSON.stringify({ name: d.name, state: writeState(d) }, null, 2)], {
      type: 'application/json',
    })
    link.href = URL.createObjectURL(blob)
    link.download = `${d.name.replace(/[^\w.-]+/g, '_')}.json`
    link.click()
    URL.revokeObjectURL(link.href)
  }

  return (
    <main class={`dashboard ${wall ? 'wall' : ''}`}>
      <div class="heading">
        <h1>{name.startsWith('temporary-') && typeof d.rest.name === 'string' ? d.rest.name : d.name}</h1>
        {version > 0 && <span class="badge">version {version}</span>}
        {changed && <span class="badge">not saved</span>}
        {!wall && <VariableBar variables={variables} onChange={(n, v) => put({ [`var-${n}`]: v })} />}
        <span class="gap" />
        {!wall && (
          <>
            <RangePicker
              range={range}
              tz={tz}
              onChange={(r, zone) => put({ from: r.from || null, until: r.until || null, tz: zone || null }, false)}
            />
            <RefreshPicker seconds={refresh} loading={false} onChange={(s) => put({ refresh: String(s) })} />
            <IconButton
              icon="flag"
              label="Events as marks"
              pressed={shown.events !== null}
              onClick={() => put({ events: shown.events === null ? '' : null })}
            />
            <IconButton
              icon="wall"
              label="Wall: only the graphs. Escape ends it"
              onClick={() => put({ wall: '1', edit: null })}
            />
            <IconButton
              icon="edit"
              label="Edit"
              pressed={editing}
              onClick={() => put({ edit: editing ? null : '1' })}
            />
            {changed && <IconButton icon="close" label="Discard what is not saved" onClick={() => setChanged(null)} />}
            {(changed || editing || version > 0) && (
              <IconButton icon="save" label="Save" text="Save" class="strong" onClick={() => void keep()} />
            )}
            <Popover label="More" button={<Icon name="more" />} align="right">
              {(close) => {
                const item = menuItems(close)
                return (
                  <div class="items">
                    {item('share', 'Share', () => setDialog('share'))}
                    {item('picture', 'Snapshot', () => void snapshot())}
                    {item('lower', 'Export', download)}
                    {item('history', 'Versions', () => setDialog('history'))}
                    {item('fx', 'Variables', () => setDialog('variables'))}
                    {item('save', 'Save as …', () => setDialog('name'))}
                    {item('trash', 'Delete', () => setDialog('delete'))}
                  </div>
                )
              }}
            </Popover>
          </>
        )}
      </div>
      {editing && (
        <div class="edit-bar">
          <button type="button" class="quiet-button" onClick={() => setPanel({ ...newPanel([], {}, d.panels), id: 0 })}>
            <Icon name="plus" /> Graph
          </button>
          <button type="button" class="quiet-button" onClick={() => setDialog('variables')}>
            <Icon name="fx" /> Variables
          </button>
          <span class="hint">Drag a title to move its graph, the corner to resize it.</span>
        </div>
      )}
      {d.panels.length ? (
        <Grid
          panels={d.panels}
          shown={shown}
          editing={editing}
          fits={wall}
          onPanels={(panels) => change({ panels })}
          onEdit={setPanel}
          onDuplicate={(p) =>
            change({ panels: [...d.panels, { ...newPanel(p.targets, p.options, d.panels), w: p.w, h: p.h, x: 0 }] })
          }
          onRemove={(p) => change({ panels: d.panels.filter((q) => q.id !== p.id) })}
        />
      ) : (
        <section class="card welcome" aria-label="Start">
          <h2>No graphs yet</h2>
          <p>
            <button type="button" class="link" onClick={() => setPanel({ ...newPanel([], {}, []), id: 0 })}>
              Add one here
            </button>
            , or <a href={url('/')}>explore</a> and choose “Add to dashboard” there.
          </p>
        </section>
      )}
      {panel && (
        <PanelDialog
          panel={panel}
          shown={shown}
          onClose={() => setPanel(null)}
          onChange={(p) =>
            change({
              panels: p.id
                ? d.panels.map((q) => (q.id === p.id ? p : q))
                : [...d.panels, { ...newPanel(p.targets, p.options, d.panels) }],
            })
          }
        />
      )}
      {dialog === 'history' && (
        <HistoryDialog
          name={name}
          onClose={() => setDialog('')}
          onLook={(v) => {
            setDialog('')
            put({ version: String(v) }, false)
          }}
          onRestored={() => {
            setDialog('')
            keepDraft(name, null)
            put({ version: null })
            setRound(round + 1)
          }}
        />
      )}
      {dialog === 'share' && (
        <ShareDialog
          place={props.place}
          range={range}
          onClose={() => setDialog('')}
          onSnapshot={() => void snapshot()}
        />
      )}
      {dialog === 'variables' && (
        <Dialog title="Variables" onClose={() => setDialog('')} wide>
          <VariableEditor variables={d.variables} onChange={(v) => change({ variables: v })} />
        </Dialog>
      )}
      {dialog === 'name' && <NameDialog name={d.name} onClose={() => setDialog('')} onName={(n) => void keep(n)} />}
      {dialog === 'delete' && (
        <Dialog title={`Delete ${d.name}?`} onClose={() => setDialog('')}>
          <p>Its versions are kept: restoring one brings it back.</p>
          <div class="actions">
            <button type="button" class="quiet-button" onClick={() => setDialog('')}>
              Keep it
            </button>
            <button
              type="button"
              class="strong bad"
              onClick={() => {
                remove(name).then(
                  () => {
                    setChanged(null)
                    notify(`Deleted ${name}`)
                    go('/dashboard')
                  },
                  (e: unknown) => notify(message(e), true),
                )
              }}
            >
              Delete
            </button>
          </div>
        </Dialog>
      )}
    </main>
  )
}

function ShareDialog(props: {
  place: Place
  range: { from: string; until: string }
  onClose: () => void
  onSnapshot: () => void
}) {
  const [short, setShort] = useState('')
  const params = new Map(props.place.params)
  params.delete('edit')
  const link = location.origin + url(props.place.path, params)
  const w = windowOf(props.range)
  const fixed = new Map(params)
  if (w) {
    const { from, until } = absolute(...w)
    fixed.set('from', from)
    fixed.set('until', until)
  }
  useEffect(() => {
    getText(`/s${props.place.path}${query(params)}`).then(
      (path) => setShort(location.origin + (path.startsWith(config.prefix) ? path : config.prefix + path)),
      () => {},
    )
  }, [])
  return (
    <Dialog title="Share" onClose={props.onClose} wide>
      <Copyable label="This dashboard" text={link} />
      <Copyable label="With this very time" text={location.origin + url(props.place.path, fixed)} />
      {short && <Copyable label="Short link" text={short} />}
      <Copyable label="For a wall" text={location.origin + url(props.place.path, new Map(params).set('wall', '1'))} />
      <div class="actions">
        <button type="button" class="quiet-button" onClick={props.onSnapshot}>
          Make a snapshot
        </button>
        <span class="hint">keeps what is drawn now, whatever becomes of the metrics</span>
      </div>
    </Dialog>
  )
}

function NameDialog(props: { name: string; onName: (name: string) => void; onClose: () => void }) {
  const [name, setName] = useState(props.name)
  return (
    <Dialog title="Save as" onClose={props.onClose}>
      <form
        class="fields"
        onSubmit={(e) => {
          e.preventDefault()
          props.onName(name.trim())
        }}
      >
        <label>
          Name
          <input value={name} onInput={(e) => setName(e.currentTarget.value)} required autofocus />
        </label>
        <div class="actions">
          <button type="submit" class="strong" disabled={!name.trim()}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  )
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
