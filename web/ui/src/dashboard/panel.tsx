import { useState } from 'preact/hooks'
import { count } from '../base/format'
import { Icon } from '../base/icon'
import { useWidth } from '../base/page'
import { url } from '../base/router'
import { useStore } from '../base/store'
import { dark } from '../base/theme'
import { type Range, windowOf } from '../base/time'
import { Dialog, menuItems, Popover } from '../base/ui'
import { Chart } from '../chart/chart'
import { colorOf } from '../chart/palette'
import { Waiting } from '../chart/waiting'
import { Options } from '../compose/options'
import { Targets } from '../compose/targets'
import type { Series } from '../graph/load'
import { isTrue } from '../graph/options'
import { writeGraph } from '../graph/state'
import { useGraph } from '../graph/use'
import { graphOf, type Panel, titleOf, type Variable } from './model'

export interface Shown {
  range: Range
  tz: string
  variables: Variable[]
  refresh: number
  events: string | null
  onRange: (from: number, until: number) => void
  onData: (id: number, series: Series[]) => void
}

// PanelView draws a panel.
export function PanelView(props: {
  panel: Panel
  shown: Shown
  editing: boolean
  onEdit: () => void
  onDuplicate: () => void
  onRemove: () => void
  onGrab: (e: PointerEvent) => void
  onKey: (e: KeyboardEvent) => void
}) {
  const { panel, shown } = props
  const [box, width] = useWidth()
  const isDark = useStore(dark)
  const [hidden, setHidden] = useState(new Set<string>())
  const graph = graphOf(panel, shown.range, shown.tz, shown.variables)
  const live = useGraph(
    panel.frozen ? { ...graph, targets: [] } : graph,
    panel.frozen ? 0 : shown.refresh,
    width || 600,
    panel.frozen ? null : shown.events,
  )
  const data = panel.frozen
    ? { ...live, series: panel.frozen, loading: false, failure: '', window: windowOf(shown.range), more: 0 }
    : live
  shown.onData(panel.id, data.series)
  const title = titleOf(panel, shown.variables)
  const legend = !isTrue(graph.options.hideLegend) && data.series.length > 0
  const plot = {
    series: data.series,
    hidden,
    window: data.window,
    options: graph.options,
    zone: shown.tz,
    dark: isDark,
    events: data.events,
    group: 'dashboard',
    onRange: shown.onRange,
  }
  const problem = data.failure || [...data.problems.values()].map((p) => p.text).join('; ')
  const compose = writeGraph(graph)
  return (
    <>
      <header
        class={props.editing ? 'grab' : ''}
        tabIndex={props.editing ? 0 : undefined}
        role={props.editing ? 'group' : undefined}
        aria-label={props.editing ? `${title}: arrow keys move it, with Shift they resize it` : undefined}
        onPointerDown={props.editing ? props.onGrab : undefined}
        onKeyDown={props.editing ? props.onKey : undefined}
      >
        <h2 title={title}>{title}</h2>
        {data.loading && <span class="pulse on" aria-hidden="true" />}
        <Popover label={`Menu of ${title}`} button={<Icon name="more" />} align="right">
          {(close) => {
            const item = menuItems(close)
            return (
              <div class="items">
                <a class="item" href={url('/composer', compose)}>
                  <Icon name="leaf" />
                  Open alone
                </a>
                {item('edit', 'Edit', props.onEdit)}
                {item('copy', 'Duplicate', props.onDuplicate)}
                {item('trash', 'Remove', props.onRemove)}
              </div>
            )
          }}
        </Popover>
      </header>
      {problem && (
        <p class="failed" role="alert">
          {problem}
        </p>
      )}
      <div class="chart-room" ref={box}>
        <Chart plot={plot} height={0} label={`Chart of ${count(data.series.length)} series: ${title}`} />
        {data.loading && <Waiting />}
        {!data.loading && !data.series.length && !problem && (
          <div class="no-data">
            <p>No data</p>
          </div>
        )}
      </div>
      {legend && (
        <ul class="mini-legend">
          {data.series.slice(0, 12).map((s, i) => (
            <li key={`${i} ${s.name}`}>
              <button
                type="button"
                class="plain"
                aria-pressed={!hidden.has(s.name)}
                title={s.name}
                onClick={() => {
                  const next = new Set(hidden)
                  if (!next.delete(s.name)) next.add(s.name)
                  setHidden(next)
                }}
              >
                <span class="swatch" style={{ background: colorOf(plot, i) }} />
                {s.name}
              </button>
            </li>
          ))}
          {data.series.length > 12 && <li class="quiet">{count(data.series.length - 12 + data.more)} more</li>}
        </ul>
      )}
    </>
  )
}

// PanelDialog edits a panel.
export function PanelDialog(props: {
  panel: Panel
  shown: Shown
  onChange: (panel: Panel) => void
  onClose: () => void
}) {
  const [panel, setPanel] = useState(props.panel)
  const [tab, setTab] = useState<'targets' | 'options'>('targets')
  const [box, width] = useWidth()
  const isDark = useStore(dark)
  const graph = graphOf(panel, props.shown.range, props.shown.tz, props.shown.variables)
  const data = useGraph(graph, 0, width || 600, null)
  const problems = new Map(
    panel.targets.flatMap((t, i) => {
      const p = data.problems.get(graph.targets[i]!.text.trim())
      return p ? [[t.text.trim(), graph.targets[i]!.text === t.text ? p : { ...p, at: -1 }] as const] : []
    }),
  )
  const plot = {
    series: data.series,
    hidden: new Set<string>(),
    window: data.window,
    options: graph.options,
    zone: props.shown.tz,
    dark: isDark,
    events: [],
    group: '',
    onRange: () => {},
  }
  return (
    <Dialog title="Edit the graph" onClose={props.onClose} wide>
      <div ref={box}>
        <Chart plot={plot} height={200} label="What the graph will be" />
      </div>
      {data.failure && <p class="failed">{data.failure}</p>}
      <label class="field">
        Title{' '}
        <input
          value={panel.options.title ?? ''}
          onChange={(e) => setPanel({ ...panel, options: { ...panel.options, title: e.currentTarget.value } })}
        />
      </label>
      <div class="tabs" role="group" aria-label="Edit">
        <button type="button" aria-pressed={tab === 'targets'} onClick={() => setTab('targets')}>
          Targets
        </button>
        <button type="button" aria-pressed={tab === 'options'} onClick={() => setTab('options')}>
          Options
        </button>
      </div>
      {tab === 'targets' ? (
        <Targets targets={panel.targets} problems={problems} onChange={(targets) => setPanel({ ...panel, targets })} />
      ) : (
        <Options options={panel.options} onChange={(options) => setPanel({ ...panel, options })} />
      )}
      <div class="actions">
        <button type="button" class="quiet-button" onClick={props.onClose}>
          Cancel
        </button>
        <button
          type="button"
          class="strong"
          onClick={() => {
            props.onChange(panel)
            props.onClose()
          }}
        >
          Take over
        </button>
      </div>
    </Dialog>
  )
}
