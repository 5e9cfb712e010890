import { useState } from 'preact/hooks'
import { count } from '../base/format'
import { Icon } from '../base/icon'
import { useWidth } from '../base/page'
import { url } from '../base/router'
import { useStore } from '../base/store'
import { dark } from '../base/theme'
import { type Range, windowOf } from '../base/time'
import { ErrorText, menuItems, Popover } from '../base/ui'
import { ChartArea } from '../chart/area'
import { toggle } from '../chart/legend'
import { colorOf } from '../chart/palette'
import { type Plot, plotOf } from '../chart/plot'
import type { Series } from '../graph/load'
import { isTrue } from '../graph/options'
import { writeGraph } from '../graph/state'
import { type Data, useGraph } from '../graph/use'
import { graphOf, type Panel, titleOf, type Variable } from './model'

const legendRows = 12

// View holds the settings that all panels of a dashboard share.
export interface View {
  range: Range
  tz: string
  variables: Variable[]
  refresh: number // seconds; 0: never
  events: string | null // tags of the events to show; null: no events
  onRange: (from: number, until: number) => void
  onData: (panel: number, series: Series[]) => void // a panel has drawn these series
}

interface PanelProps {
  panel: Panel
  view: View
  editing: boolean
  onEdit: () => void
  onDuplicate: () => void
  onRemove: () => void
  onDrag: (e: PointerEvent) => void // of its header
  onKey: (e: KeyboardEvent) => void
}

// PanelView draws a panel.
export function PanelView(props: PanelProps) {
  const { panel, view } = props
  const [box, width] = useWidth()
  const isDark = useStore(dark)
  const [hidden, setHidden] = useState(new Set<string>())
  const graph = graphOf(panel, view.range, view.tz, view.variables)
  const data = usePanelData(panel, view, width || 600)
  view.onData(panel.id, data.series)
  const title = titleOf(panel, view.variables)
  const plot = plotOf(graph, data, isDark, { hidden, group: 'dashboard', onRange: view.onRange })
  const problem = data.failure || [...data.problems.values()].map((p) => p.text).join('; ')
  return (
    <>
      <PanelHeader {...props} title={title} loading={data.loading} href={url('/composer', writeGraph(graph))} />
      {problem && <ErrorText text={problem} />}
      <ChartArea
        box={box}
        plot={plot}
        height={0}
        label={`Chart of ${count(data.series.length)} series: ${title}`}
        loading={data.loading}
        empty={problem ? '' : 'No data'}
      />
      {!isTrue(graph.options.hideLegend) && data.series.length > 0 && (
        <PanelLegend plot={plot} more={data.more} onHidden={setHidden} />
      )}
    </>
  )
}

// usePanelData returns the data of a panel: those of the snapshot, or else those that the
// server has now.
function usePanelData(panel: Panel, view: View, points: number): Data {
  const { frozen } = panel
  const graph = graphOf(panel, view.range, view.tz, view.variables)
  const data = useGraph(
    frozen ? { ...graph, targets: [] } : graph,
    frozen ? 0 : view.refresh,
    points,
    frozen ? null : view.events,
  )
  if (!frozen) return data
  return { ...data, series: frozen, loading: false, failure: '', window: windowOf(view.range), more: 0 }
}

function PanelHeader(props: PanelProps & { title: string; loading: boolean; href: string }) {
  const { title, editing } = props
  const handle = editing
    ? {
        class: 'grab',
        tabIndex: 0,
        role: 'group' as const,
        'aria-label': `${title}: arrow keys move the graph, with Shift they resize it`,
        onPointerDown: props.onDrag,
        onKeyDown: props.onKey,
      }
    : {}
  return (
    <header {...handle}>
      <h2 title={title}>{title}</h2>
      {props.loading && <span class="pulse on" aria-hidden="true" />}
      <Popover label={`Menu of ${title}`} button={<Icon name="more" />} align="right">
        {(close) => {
          const item = menuItems(close)
          return (
            <div class="items">
              <a class="item" href={props.href}>
                <Icon name="leaf" />
                Open in Explore
              </a>
              {item('edit', 'Edit', props.onEdit)}
              {item('copy', 'Duplicate', props.onDuplicate)}
              {item('trash', 'Remove', props.onRemove)}
            </div>
          )
        }}
      </Popover>
    </header>
  )
}

// PanelLegend lists the first series. A click hides or shows a series. more is the number
// of series that are not drawn.
function PanelLegend(props: { plot: Plot; more: number; onHidden: (hidden: Set<string>) => void }) {
  const { plot } = props
  const rest = plot.series.length - legendRows
  return (
    <ul class="mini-legend">
      {plot.series.slice(0, legendRows).map((s, i) => (
        <li key={`${i} ${s.name}`}>
          <button
            type="button"
            class="plain"
            aria-pressed={!plot.hidden.has(s.name)}
            title={s.name}
            onClick={() => props.onHidden(toggle(plot.hidden, s.name))}
          >
            <span class="swatch" style={{ background: colorOf(plot, i) }} />
            {s.name}
          </button>
        </li>
      ))}
      {rest > 0 && <li class="quiet">{count(rest + props.more)} more</li>}
    </ul>
  )
}
