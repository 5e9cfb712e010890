import { useEffect, useMemo, useState } from 'preact/hooks'
import { getText, message } from '../base/api'
import { config } from '../base/config'
import { useTitle, useWidth } from '../base/page'
import { RangePicker, RefreshPicker, refreshOf } from '../base/range'
import { changed, go, type Place, url } from '../base/router'
import { useStore } from '../base/store'
import { dark } from '../base/theme'
import { absolute, lastHour, type Range, rangeOf } from '../base/time'
import { ErrorText } from '../base/ui'
import { ChartArea } from '../chart/area'
import { colorOf } from '../chart/palette'
import { plotOf } from '../chart/plot'
import { selfMetric } from '../graph/self'
import type { Graph } from '../graph/state'
import { writeGraph } from '../graph/state'
import { useGraph } from '../graph/use'
import { type ChartSpec, charts } from './charts'
import { parseMetrics, tiles } from './tiles'

const defaultRefresh = 10 // seconds
const minRefresh = 5 // seconds between two requests of the numbers

// ServerPage shows the health of the server and its self metrics.
export function ServerPage(props: { place: Place }) {
  const { params } = props.place
  const range = useMemo(() => rangeOf(params, lastHour.from), [params])
  const tz = params.get('tz') ?? ''
  const refresh = refreshOf(params, defaultRefresh)
  const { health, metrics } = useServer(refresh)
  useTitle('Server')
  const show = (changes: Record<string, string>) => {
    const entries = Object.entries(changes).map(([name, value]) => [name, value || null])
    go('/server', changed(params, Object.fromEntries(entries)), true)
  }
  return (
    <main class="server">
      <div class="heading">
        <h1>Server</h1>
        <Badge health={health} />
        <span class="quiet">
          Carbon {config.version}
          {config.line && ` · plaintext receiver: ${config.line}`}
        </span>
        <span class="gap" />
        <RangePicker range={range} tz={tz} onChange={(r, zone) => show({ from: r.from, until: r.until, tz: zone })} />
        <RefreshPicker seconds={refresh} loading={false} onChange={(s) => show({ refresh: String(s) })} />
      </div>
      {health && <ErrorText text={health} />}
      <dl class="tiles">
        {tiles(metrics).map((t) => (
          <div class="card tile" key={t.title}>
            <dt>{t.title}</dt>
            <dd>
              <strong>{t.value}</strong>
              <span class="quiet">{t.about}</span>
            </dd>
          </div>
        ))}
      </dl>
      <div class="server-charts">
        {charts.map((c) => (
          <ServerChart
            key={c.title}
            spec={c}
            range={range}
            tz={tz}
            refresh={refresh}
            onRange={(from, until) => show({ ...absolute(from, until) })}
          />
        ))}
      </div>
    </main>
  )
}

// useServer loads the health and the metrics of the server every refresh seconds (0: once).
// health is null while it is unknown, empty for a healthy server, or else the problem.
function useServer(refresh: number): { health: string | null; metrics: Map<string, number> } {
  const [health, setHealth] = useState<string | null>(null)
  const [metrics, setMetrics] = useState(new Map<string, number>())
  useEffect(() => {
    const run = () => {
      getText('/health').then(
        () => setHealth(''),
        (e: unknown) => setHealth(message(e)),
      )
      getText('/-/metrics').then(
        (text) => setMetrics(parseMetrics(text)),
        () => {},
      )
    }
    run()
    const timer = setInterval(() => {
      if (!document.hidden && refresh) run()
    }, Math.max(refresh, minRefresh) * 1000)
    return () => clearInterval(timer)
  }, [refresh])
  return { health, metrics }
}

function Badge(props: { health: string | null }) {
  if (props.health === null) return <span class="badge">…</span>
  return props.health === '' ? <span class="badge good">healthy</span> : <span class="badge bad">unhealthy</span>
}

function ServerChart(props: {
  spec: ChartSpec
  range: Range
  tz: string
  refresh: number
  onRange: (from: number, until: number) => void
}) {
  const { spec } = props
  const [box, width] = useWidth()
  const isDark = useStore(dark)
  const graph: Graph = {
    targets: spec.metrics.map(([metric, name]) => ({ text: selfMetric(metric, name) })),
    range: props.range,
    tz: props.tz,
    options: { ...spec.options, title: spec.title },
  }
  const data = useGraph(graph, props.refresh, width || 500, null)
  const plot = plotOf(graph, data, isDark, { group: 'server', onRange: props.onRange })
  return (
    <section class="card panel" aria-label={spec.title}>
      <header>
        <h2>
          <a href={url('/composer', writeGraph(graph))}>{spec.title}</a> <span class="quiet">{spec.about}</span>
        </h2>
      </header>
      {data.failure && <ErrorText text={data.failure} />}
      <ChartArea
        box={box}
        plot={plot}
        height={180}
        label={`Chart: ${spec.title}`}
        loading={data.loading}
        empty={data.failure ? '' : 'No data yet. The server records its self metrics once a minute.'}
      />
      {spec.metrics.length > 1 && (
        <ul class="mini-legend">
          {data.series.map((s, i) => (
            <li key={s.name}>
              <span class="swatch" style={{ background: colorOf(plot, i) }} />
              {s.name}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
