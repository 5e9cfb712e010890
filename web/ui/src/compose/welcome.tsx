import { useMemo } from 'preact/hooks'
import { config } from '../base/config'
import { url } from '../base/router'
import { useStore } from '../base/store'
import { dark } from '../base/theme'
import { Chart } from '../chart/chart'
import { plotOf } from '../chart/plot'
import { hasSelfMetrics, selfMetric } from '../graph/self'
import type { Graph } from '../graph/state'
import { useGraph } from '../graph/use'

const minPoints = 3 // before the chart of this server appears

// Welcome is the start page, shown while no metric is chosen.
export function Welcome(props: { onAdd: (target: string) => void }) {
  const colon = config.line.lastIndexOf(':')
  const host = config.line.slice(0, colon).replace(/^\[|\]$/g, '')
  return (
    <section class="card welcome" aria-label="Start">
      <h1>Choose a metric</h1>
      <p>
        Click a metric in the tree, or search for one. The address of this page contains the graph: copy it to share the
        graph.
      </p>
      {config.line && (
        <>
          <h2>Send a metric</h2>
          <p>A metric is a line of text: a name, a value, and the time in seconds since 1970.</p>
          <pre>
            printf 'a.b.c 42 %d\n' "$(date +%s)" | nc -q0 {host} {config.line.slice(colon + 1)}
          </pre>
          <p>It appears in the tree within a second.</p>
        </>
      )}
      {hasSelfMetrics && <SelfMetrics />}
      <h2>More</h2>
      <ul class="starts">
        {hasSelfMetrics && (
          <li>
            <button
              type="button"
              class="link"
              onClick={() => props.onAdd(selfMetric('metricsReceived', 'points received'))}
            >
              Graph of the points that this server receives
            </button>
            , or <a href={url('/server')}>all self metrics</a>
          </li>
        )}
        <li>
          <a href={url('/dashboard')}>Dashboards</a>, including those imported from graphite-web
        </li>
      </ul>
    </section>
  )
}

// SelfMetrics draws points received and stored, so that a new server has something to
// show.
function SelfMetrics() {
  const isDark = useStore(dark)
  const graph = useMemo(
    (): Graph => ({
      targets: ['metricsReceived', 'committedPoints'].map((name) => ({ text: selfMetric(name, name) })),
      range: { from: '-15min', until: '' },
      tz: '',
      options: { areaMode: 'first' },
    }),
    [],
  )
  const data = useGraph(graph, 10, 600, null)
  const known = data.series[0]?.points.filter(([v]) => v !== null).length ?? 0
  if (known < minPoints) return null
  return (
    <>
      <h2>This server now</h2>
      <p>Points received and stored in each interval.</p>
      <Chart plot={plotOf(graph, data, isDark)} height={180} label="Points that this server receives and stores" />
    </>
  )
}
