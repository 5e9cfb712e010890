import { useState } from 'preact/hooks'
import { count } from '../base/format'
import { useWidth } from '../base/page'
import { RangePicker, RefreshPicker } from '../base/range'
import { useStore } from '../base/store'
import { dark } from '../base/theme'
import { absolute } from '../base/time'
import { ErrorText, IconButton, Tabs } from '../base/ui'
import { ChartArea } from '../chart/area'
import { Legend } from '../chart/legend'
import { plotOf } from '../chart/plot'
import type { Graph } from '../graph/state'
import { type Data, useGraph } from '../graph/use'
import { Image, type ImageFormat } from './image'
import { Options } from './options'
import { Targets } from './targets'

// View holds the state of the page that does not belong to the graph.
export interface View {
  refresh: number // seconds; 0: never
  events: string | null // tags of the events to show; null: no events
  image: ImageFormat | null // the image of /render is shown in this format
}

interface GraphProps {
  graph: Graph
  view: View
  onGraph: (graph: Graph) => void
  onView: (change: Partial<View>) => void
  onShare: () => void
  onSave: () => void
}

// GraphView shows a graph and edits it.
export function GraphView(props: GraphProps) {
  const { graph, view, onGraph } = props
  const [box, width] = useWidth()
  const isDark = useStore(dark)
  const [hidden, setHidden] = useState(new Set<string>())
  const data = useGraph(graph, view.refresh, width || 800, view.events)
  const plot = plotOf(graph, data, isDark, {
    hidden,
    onRange: (from, until) => onGraph({ ...graph, range: absolute(from, until) }),
  })
  const targets = graph.targets.map((t) => t.text).join(', ')
  return (
    <>
      <section class="card graph" aria-label="Graph">
        <Toolbar {...props} data={data} />
        {data.failure && <ErrorText text={data.failure} />}
        <ChartArea
          box={box}
          plot={plot}
          height={320}
          label={`Chart of ${count(data.series.length)} series: ${targets.slice(0, 200)}`}
          loading={data.loading}
          empty={emptyMessage(data)}
        />
        {data.more > 0 && (
          <p class="hint pad">
            {count(data.more)} more series are not drawn. To reduce their number, use a function such as sumSeries or
            highestCurrent.
          </p>
        )}
        <Legend series={data.series} options={graph.options} dark={isDark} hidden={hidden} onHidden={setHidden} />
      </section>
      {view.image && (
        <Image graph={graph} format={view.image} onFormat={(image) => props.onView({ image })} data={data.series} />
      )}
      <GraphEditor graph={graph} data={data} onGraph={onGraph} />
    </>
  )
}

// emptyMessage returns the message of a chart without series.
function emptyMessage(data: Data): string {
  if (data.failure) return ''
  return data.problems.size
    ? 'A target is invalid. See below.'
    : 'No data: no metric matches, or it has no points in this time range.'
}

function Toolbar(props: GraphProps & { data: Data }) {
  const { graph, view, data } = props
  const title = graph.options.title ?? ''
  return (
    <div class="bar">
      <h1 class={title ? '' : 'sr'}>{title || 'Graph'}</h1>
      <RangePicker
        range={graph.range}
        tz={graph.tz}
        shown={data.window}
        onChange={(range, tz) => props.onGraph({ ...graph, range, tz })}
      />
      <RefreshPicker seconds={view.refresh} loading={data.loading} onChange={(refresh) => props.onView({ refresh })} />
      <span class="gap" />
      <IconButton
        icon="flag"
        label="Show events"
        pressed={view.events !== null}
        onClick={() => props.onView({ events: view.events === null ? '' : null })}
      />
      <IconButton
        icon="picture"
        label="Show the image drawn by /render"
        pressed={view.image !== null}
        onClick={() => props.onView({ image: view.image ? null : 'png' })}
      />
      <IconButton icon="grid" label="Add to a dashboard" text="Add to dashboard" class="wordy" onClick={props.onSave} />
      <IconButton icon="share" label="Share, copy, download" text="Share" class="wordy" onClick={props.onShare} />
    </div>
  )
}

function GraphEditor(props: { graph: Graph; data: Data; onGraph: (graph: Graph) => void }) {
  const { graph, onGraph } = props
  const [tab, setTab] = useState<'targets' | 'options'>('targets')
  const problems = props.data.problems.size
  const options = Object.keys(graph.options).length
  return (
    <section class="card editing" aria-label="Edit">
      <Tabs
        label="Edit"
        tabs={[
          ['targets', <>Targets {problems > 0 && <span class="count bad">{problems}</span>}</>],
          ['options', <>Options {options > 0 && <span class="count">{options}</span>}</>],
        ]}
        value={tab}
        onChange={setTab}
      />
      {tab === 'targets' ? (
        <Targets
          targets={graph.targets}
          problems={props.data.problems}
          onChange={(targets) => onGraph({ ...graph, targets })}
        />
      ) : (
        <Options options={graph.options} onChange={(options) => onGraph({ ...graph, options })} />
      )}
    </section>
  )
}
