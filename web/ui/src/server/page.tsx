import { useEffect, useMemo, useState } from 'preact/hooks'
import { Failure, getText } from '../base/api'
import { config } from '../base/config'
import { bytes, count, short } from '../base/format'
import { useTitle, useWidth } from '../base/page'
import { RangePicker, RefreshPicker } from '../base/range'
import { go, type Place, url } from '../base/router'
import { useStore } from '../base/store'
import { dark } from '../base/theme'
import { absolute } from '../base/time'
import { ErrorText } from '../base/ui'
import { Chart } from '../chart/chart'
import { colorOf } from '../chart/palette'
import type { Graph } from '../graph/state'
import { writeGraph } from '../graph/state'
import { useGraph } from '../graph/use'

// What is drawn of the server: its own metrics, by the names that carbon gives them.
const charts: {
  title: string
  about: string
  of: [metric: string, name: string][]
  options?: Record<string, string>
}[] = [
  {
    title: 'Points received',
    about: 'in each interval',
    of: [
      ['metricsReceived', 'received'],
      ['committedPoints', 'stored'],
    ],
  },
  {
    title: 'Points waiting',
    about: 'in memory; the log holds them too',
    of: [['cache.size', 'points']],
    options: { areaMode: 'all' },
  },
  {
    title: 'Writer',
    about: 'updates of files, and points in each',
    of: [
      ['updateOperations', 'updates'],
      ['pointsPerUpdate', 'points per update'],
    ],
  },
  { title: 'Log', about: 'bytes on disk', of: [['wal.size', 'bytes']], options: { areaMode: 'all' } },
  { title: 'New metrics', about: 'files created', of: [['creates', 'created']] },
  {
    title: 'Trouble',
    about: 'what should stay at zero',
    of: [
      ['errors', 'errors'],
      ['discarded', 'discarded'],
      ['outOfRange', 'out of range'],
      ['wal.writeErrors', 'log errors'],
    ],
  },
  { title: 'CPU', about: 'percent of one core', of: [['cpuUsage', 'used']], options: { areaMode: 'all' } },
  {
    title: 'Disk',
    about: 'bytes free where metrics are stored',
    of: [['disk.free', 'free']],
    options: { areaMode: 'all' },
  },
  { title: 'Writer’s backlog', about: 'seconds that the oldest point has waited', of: [['cache.oldest', 'seconds']] },
  { title: 'Memory', about: 'bytes', of: [['memUsage', 'used']], options: { areaMode: 'all' } },
]

// ServerPage shows how the server is, by its own figures.
export function ServerPage(props: { place: Place }) {
  const { params } = props.place
  const range = useMemo(() => ({ from: params.get('from') ?? '-1h', until: params.get('until') ?? '' }), [params])
  const tz = params.get('tz') ?? ''
  const refresh = Number(params.get('refresh') ?? '10') || 0
  const [ill, setIll] = useState<string | null>(null)
  const [figures, setFigures] = useState(new Map<string, number>())
  useTitle('Server')
  useEffect(() => {
    const run = () => {
      getText('/health').then(
        () => setIll(''),
        (e: unknown) => setIll(e instanceof Failure ? e.message : String(e)),
      )
      getText('/-/metrics').then(
        (text) => setFigures(parse(text)),
        () => {},
      )
    }
    run()
    const timer = setInterval(() => {
      if (!document.hidden && refresh) run()
    }, Math.max(refresh, 5) * 1000)
    return () => clearInterval(timer)
  }, [refresh])
  const put = (more: Record<string, string>) =>
    go(
      '/server',
      [...new Map([...params, ...Object.entries(more)])].filter(([, v]) => v !== ''),
      true,
    )
  const figure = (name: string) => figures.get(`carbon_${name}`)
  const tiles: [text: string, value: string, about: string][] = [
    ['Metrics', figure('metrics') === undefined ? '–' : count(figure('metrics')!), 'known by name'],
    ['Received', short(figure('metrics_received_total')), 'points since it started'],
    ['Waiting', short(figure('cache_size')), `points, the oldest ${Math.round(figure('cache_oldest_seconds') ?? 0)} s`],
    [
      'Log',
      bytes(figure('wal_size_bytes') ?? 0),
      figure('wal_segments') === 1 ? 'in one file' : `in ${short(figure('wal_segments'))} files`,
    ],
    ...(figure('disk_size_bytes')
      ? [
          ['Disk', bytes(figure('disk_free_bytes') ?? 0), `free of ${bytes(figure('disk_size_bytes')!)}`] as [
            string,
            string,
            string,
          ],
        ]
      : []),
    ['Memory', bytes(figure('mem_usage_bytes') ?? 0), 'of this process'],
    ['Senders', short(figure('active_connections')), 'connected now'],
  ]
  return (
    <main class="server">
      <div class="heading">
        <h1>Server</h1>
        <span class={ill === '' ? 'badge good' : ill === null ? 'badge' : 'badge bad'}>
          {ill === '' ? 'healthy' : ill === null ? '…' : 'not well'}
        </span>
        <span class="quiet">
          Carbon {config.version}
          {config.line && ` · lines at ${config.line}`}
        </span>
        <span class="gap" />
        <RangePicker range={range} tz={tz} onChange={(r, zone) => put({ from: r.from, until: r.until, tz: zone })} />
        <RefreshPicker seconds={refresh} loading={false} onChange={(s) => put({ refresh: String(s) })} />
      </div>
      {ill && <ErrorText text={ill} />}
      <dl class="tiles">
        {tiles.map(([text, value, about]) => (
          <div class="card tile" key={text}>
            <dt>{text}</dt>
            <dd>
              <strong>{value}</strong>
              <span class="quiet">{about}</span>
            </dd>
          </div>
        ))}
      </dl>
      <div class="server-charts">
        {charts.map((c) => (
          <ServerChart
            key={c.title}
            {...c}
            range={range}
            tz={tz}
            refresh={refresh}
            onRange={(from, until) => put({ ...absolute(from, until) })}
          />
        ))}
      </div>
    </main>
  )
}

function ServerChart(
  props: (typeof charts)[number] & {
    range: { from: string; until: string }
    tz: string
    refresh: number
    onRange: (from: number, until: number) => void
  },
) {
  const own = config.own.replace(/\.[^.]*$/, '')
  const [box, width] = useWidth()
  const isDark = useStore(dark)
  const graph: Graph = {
    targets: props.of.map(([metric, name]) => ({ text: `alias(sumSeries(${own}.${metric}),"${name}")` })),
    range: props.range,
    tz: props.tz,
    options: { ...props.options, title: props.title },
  }
  const data = useGraph(graph, props.refresh, width || 500, null)
  const plot = {
    series: data.series,
    hidden: new Set<string>(),
    window: data.window,
    options: graph.options,
    zone: props.tz,
    dark: isDark,
    events: [],
    group: 'server',
    onRange: props.onRange,
  }
  return (
    <section class="card panel" aria-label={props.title}>
      <header>
        <h2>
          <a href={url('/composer', writeGraph(graph))}>{props.title}</a> <span class="quiet">{props.about}</span>
        </h2>
      </header>
      {data.failure && <ErrorText text={data.failure} />}
      <div class="chart-room" ref={box}>
        <Chart plot={plot} height={180} label={`Chart: ${props.title}`} />
        {!data.loading && !data.series.length && !data.failure && (
          <div class="no-data">
            <p>No data yet: the server writes its figures once a minute.</p>
          </div>
        )}
      </div>
      {props.of.length > 1 && (
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

// parse reads the figures without labels of Prometheus text.
function parse(text: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const line of text.split('\n')) {
    const m = /^(\w+) (\S+)$/.exec(line)
    if (m) found.set(m[1]!, Number(m[2]))
  }
  return found
}
