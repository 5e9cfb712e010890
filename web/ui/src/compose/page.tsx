import { useMemo, useState } from 'preact/hooks'
import { config } from '../base/config'
import { count } from '../base/format'
import { Icon } from '../base/icon'
import { useTitle, useWidth } from '../base/page'
import { RangePicker, RefreshPicker } from '../base/range'
import { go, type Place, url } from '../base/router'
import { useStore } from '../base/store'
import { dark } from '../base/theme'
import { absolute } from '../base/time'
import { ErrorText, IconButton } from '../base/ui'
import { Chart } from '../chart/chart'
import { Legend } from '../chart/legend'
import { Waiting } from '../chart/waiting'
import { AddToDashboard } from '../dashboard/add'
import { Pane } from '../explore/pane'
import { type Graph, readGraph, renderParams, writeGraph } from '../graph/state'
import { useGraph } from '../graph/use'
import { Options } from './options'
import { Share } from './share'
import { Targets } from './targets'

// ComposePage explores metrics and makes graphs of them. All that it shows stands in
// its address.
export function ComposePage(props: { place: Place }) {
  const { params } = props.place
  const given = useMemo(() => readGraph(params), [params])
  const refresh = Number(params.get('refresh') ?? '10') || 0
  const events = params.get('events')
  const picture = params.get('picture') ?? ''
  const search = params.get('search') ?? params.get('find') ?? ''
  const [panel, setPanel] = useState<'targets' | 'options'>('targets')
  const [dialog, setDialog] = useState<'' | 'share' | 'dashboard'>('')
  const [paneOpen, setPaneOpen] = useState(!given.targets.length)
  useTitle(given.options.title ?? '')

  const put = (g: Graph, more: Record<string, string | null> = {}, replace = false) => {
    const all = writeGraph(g)
    const kept: Record<string, string | null> = {
      refresh: params.get('refresh'),
      events,
      picture: picture || null,
      search: search || null,
      ...more,
    }
    for (const [name, value] of Object.entries(kept)) if (value !== null) all.push([name, value])
    go(g.targets.length ? '/composer' : '/', all, replace)
  }
  const chosen = useMemo(() => new Set(given.targets.map((t) => t.text.trim())), [given])
  const choose = (target: string) => {
    setPaneOpen(false)
    const without = given.targets.filter((t) => t.text.trim() !== target)
    put({
      ...given,
      targets: without.length < given.targets.length ? without : [...given.targets, { text: target }],
      range: given.range.from || given.targets.length ? given.range : { from: '-1h', until: '' },
    })
  }

  return (
    <main class={`compose ${paneOpen ? 'pane-open' : ''}`}>
      <button
        type="button"
        class="pane-toggle quiet-button"
        aria-expanded={paneOpen}
        onClick={() => setPaneOpen(!paneOpen)}
      >
        <Icon name="search" /> Metrics
      </button>
      <Pane
        chosen={chosen}
        onChoose={choose}
        search={search}
        onSearch={(text) => put(given, { search: text || null }, true)}
      />
      <div class="work">
        {given.targets.length ? (
          <GraphCard
            graph={given}
            refresh={refresh}
            events={events}
            picture={picture}
            put={put}
            onShare={() => setDialog('share')}
            onSave={() => setDialog('dashboard')}
            panel={panel}
            setPanel={setPanel}
          />
        ) : (
          <Welcome onAdd={(text) => put({ ...given, targets: [{ text }], range: { from: '-1h', until: '' } })} />
        )}
      </div>
      {dialog === 'share' && <Share graph={given} onClose={() => setDialog('')} />}
      {dialog === 'dashboard' && <AddToDashboard graph={given} onClose={() => setDialog('')} />}
    </main>
  )
}

function GraphCard(props: {
  graph: Graph
  refresh: number
  events: string | null
  picture: string
  put: (g: Graph, more?: Record<string, string | null>, replace?: boolean) => void
  onShare: () => void
  onSave: () => void
  panel: 'targets' | 'options'
  setPanel: (panel: 'targets' | 'options') => void
}) {
  const { graph, put } = props
  const [box, width] = useWidth()
  const isDark = useStore(dark)
  const [hidden, setHidden] = useState(new Set<string>())
  const data = useGraph(graph, props.refresh, width || 800, props.events)
  const title = graph.options.title ?? ''
  const plot = {
    series: data.series,
    hidden,
    window: data.window,
    options: graph.options,
    zone: graph.tz,
    dark: isDark,
    events: data.events,
    group: '',
    onRange: (from: number, until: number) => put({ ...graph, range: absolute(from, until) }),
  }
  const wrong = data.problems.size
  return (
    <>
      <section class="card graph" aria-label="Graph">
        <div class="bar">
          <h1 class={title ? '' : 'sr'}>{title || 'Graph'}</h1>
          <RangePicker
            range={graph.range}
            tz={graph.tz}
            shown={data.window}
            onChange={(range, tz) => put({ ...graph, range, tz })}
          />
          <RefreshPicker
            seconds={props.refresh}
            loading={data.loading}
            onChange={(s) => put(graph, { refresh: String(s) }, true)}
          />
          <span class="gap" />
          <IconButton
            icon="flag"
            label="Events as marks"
            pressed={props.events !== null}
            onClick={() => put(graph, { events: props.events === null ? '' : null }, true)}
          />
          <IconButton
            icon="picture"
            label="The classic picture"
            pressed={props.picture !== ''}
            onClick={() => put(graph, { picture: props.picture ? null : 'png' }, true)}
          />
          <IconButton
            icon="grid"
            label="Add to a dashboard"
            text="Add to dashboard"
            class="wordy"
            onClick={props.onSave}
          />
          <IconButton icon="share" label="Share, copy, download" text="Share" class="wordy" onClick={props.onShare} />
        </div>
        {data.failure && <ErrorText text={data.failure} />}
        <div ref={box} class="chart-room">
          <Chart
            plot={plot}
            height={320}
            label={`Chart of ${count(data.series.length)} series: ${graph.targets
              .map((t) => t.text)
              .join(', ')
              .slice(0, 200)}`}
          />
          {data.loading && <Waiting />}
          {!data.loading && !data.series.length && !data.failure && (
            <div class="no-data">
              <p>
                {wrong ? 'A target is wrong: see below.' : 'No data. Nothing with these names has points in this time.'}
              </p>
            </div>
          )}
        </div>
        {data.more > 0 && (
          <p class="hint pad">
            {count(data.more)} more series are not drawn. An aggregation such as sumSeries, or highestCurrent, makes
            fewer of them.
          </p>
        )}
        <Legend series={data.series} options={graph.options} dark={isDark} hidden={hidden} onHidden={setHidden} />
      </section>
      {props.picture && (
        <Picture
          graph={graph}
          format={props.picture}
          onFormat={(f) => put(graph, { picture: f }, true)}
          round={data.series}
        />
      )}
      <section class="card editing" aria-label="Edit">
        <div class="tabs" role="group" aria-label="Edit">
          <button type="button" aria-pressed={props.panel === 'targets'} onClick={() => props.setPanel('targets')}>
            Targets {wrong > 0 && <span class="count bad">{wrong}</span>}
          </button>
          <button type="button" aria-pressed={props.panel === 'options'} onClick={() => props.setPanel('options')}>
            Options{' '}
            {Object.keys(graph.options).length > 0 && <span class="count">{Object.keys(graph.options).length}</span>}
          </button>
        </div>
        {props.panel === 'targets' ? (
          <Targets
            targets={graph.targets}
            problems={data.problems}
            onChange={(targets) => put({ ...graph, targets })}
          />
        ) : (
          <Options options={graph.options} onChange={(options) => put({ ...graph, options })} />
        )}
      </section>
    </>
  )
}

// Picture is the graph as /render draws it, for wikis and mails.
function Picture(props: { graph: Graph; format: string; onFormat: (format: string) => void; round: unknown }) {
  const salt = useMemo(() => String(Date.now()), [props.round])
  const more: Record<string, string> = { ...(props.format === 'svg' ? { format: 'svg' } : {}), _salt: salt }
  if (!props.graph.options.width) more.width = '700'
  if (!props.graph.options.height) more.height = '320'
  return (
    <section class="card picture" aria-label="Picture">
      <div class="bar">
        <h2>As a picture</h2>
        <span class="gap" />
        <div class="tabs" role="group" aria-label="Format">
          {['png', 'svg'].map((f) => (
            <button type="button" key={f} aria-pressed={props.format === f} onClick={() => props.onFormat(f)}>
              {f.toUpperCase()}
            </button>
          ))}
        </div>
      </div>
      <img src={url('/render', renderParams(props.graph, more))} alt="The graph as a picture" />
    </section>
  )
}

function Welcome(props: { onAdd: (text: string) => void }) {
  const colon = config.line.lastIndexOf(':')
  const host = config.line.slice(0, colon).replace(/^\[|\]$/g, '')
  const own = config.own.replace(/\.[^.]*$/, '')
  return (
    <section class="card welcome" aria-label="Start">
      <h1>Choose a metric</h1>
      <p>
        Click one in the tree, or search for it. What you see stands in the address of this page: copy it, and others
        see the same.
      </p>
      {config.line && (
        <>
          <h2>Send one</h2>
          <p>A line of text: a name, a value, and the time in seconds since 1970.</p>
          <pre>
            printf 'a.b.c 42 %d\n' "$(date +%s)" | nc -q0 {host} {config.line.slice(colon + 1)}
          </pre>
          <p>A second later it is in the tree.</p>
        </>
      )}
      {own && <Own own={own} />}
      <h2>Or begin with</h2>
      <ul class="starts">
        {own && (
          <li>
            <button
              type="button"
              class="link"
              onClick={() => props.onAdd(`alias(sumSeries(${own}.metricsReceived),"points received")`)}
            >
              what this server receives
            </button>
            , or <a href={url('/server')}>all that it tells of itself</a>
          </li>
        )}
        <li>
          <a href={url('/dashboard')}>dashboards</a>, also those of a graphite-web
        </li>
      </ul>
    </section>
  )
}

// Own is what the server does right now, so that a fresh one has something to show.
function Own(props: { own: string }) {
  const isDark = useStore(dark)
  const graph = useMemo(
    (): Graph => ({
      targets: ['metricsReceived', 'committedPoints'].map((name) => ({
        text: `alias(sumSeries(${props.own}.${name}),"${name}")`,
      })),
      range: { from: '-15min', until: '' },
      tz: '',
      options: { areaMode: 'first' },
    }),
    [props.own],
  )
  const data = useGraph(graph, 10, 600, null)
  const plot = {
    series: data.series,
    hidden: new Set<string>(),
    window: data.window,
    options: graph.options,
    zone: '',
    dark: isDark,
    events: [],
    group: '',
    onRange: () => {},
  }
  const known = data.series[0]?.points.filter(([v]) => v !== null).length ?? 0
  if (known < 3) return null
  return (
    <>
      <h2>This server right now</h2>
      <p>Points received, and stored, in each interval.</p>
      <Chart plot={plot} height={180} label="Points that this server receives and stores" />
    </>
  )
}
