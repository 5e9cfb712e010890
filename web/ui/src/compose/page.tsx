import { useMemo, useState } from 'preact/hooks'
import { Icon } from '../base/icon'
import { useTitle } from '../base/page'
import { refreshOf } from '../base/range'
import { go, type Place } from '../base/router'
import { lastHour } from '../base/time'
import { AddToDashboard } from '../dashboard/add'
import { Pane } from '../explore/pane'
import { type Graph, readGraph, writeGraph } from '../graph/state'
import { GraphView, type View } from './graph'
import { Share } from './share'
import { Welcome } from './welcome'

const defaultRefresh = 10 // seconds

// ComposePage explores metrics and composes graphs. Its address holds its whole state.
export function ComposePage(props: { place: Place }) {
  const { params } = props.place
  const graph = useMemo(() => readGraph(params), [params])
  const search = params.get('search') ?? params.get('find') ?? ''
  const [dialog, setDialog] = useState<'' | 'share' | 'dashboard'>('')
  const [paneOpen, setPaneOpen] = useState(!graph.targets.length)
  const chosen = useMemo(() => new Set(graph.targets.map((t) => t.text.trim())), [graph])
  useTitle(graph.options.title ?? '')

  const view: View = {
    refresh: refreshOf(params, defaultRefresh),
    events: params.get('events'),
    image: params.get('picture') === 'svg' ? 'svg' : params.get('picture') ? 'png' : null,
  }
  const show = (g: Graph, v = view, text = search, replace = false) => {
    const all = writeGraph(g)
    if (params.has('refresh') || v.refresh !== view.refresh) all.push(['refresh', String(v.refresh)])
    if (v.events !== null) all.push(['events', v.events])
    if (v.image) all.push(['picture', v.image])
    if (text) all.push(['search', text])
    go(g.targets.length ? '/composer' : '/', all, replace)
  }
  const add = (target: string) => {
    const range = graph.range.from || graph.targets.length ? graph.range : lastHour
    show({ ...graph, targets: [...graph.targets, { text: target }], range })
  }
  const toggle = (target: string) => {
    setPaneOpen(false)
    if (chosen.has(target)) show({ ...graph, targets: graph.targets.filter((t) => t.text.trim() !== target) })
    else add(target)
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
      <Pane chosen={chosen} onChoose={toggle} search={search} onSearch={(text) => show(graph, view, text, true)} />
      <div class="work">
        {graph.targets.length ? (
          <GraphView
            graph={graph}
            view={view}
            onGraph={(g) => show(g)}
            onView={(change) => show(graph, { ...view, ...change }, search, true)}
            onShare={() => setDialog('share')}
            onSave={() => setDialog('dashboard')}
          />
        ) : (
          <Welcome onAdd={add} />
        )}
      </div>
      {dialog === 'share' && <Share graph={graph} onClose={() => setDialog('')} />}
      {dialog === 'dashboard' && <AddToDashboard graph={graph} onClose={() => setDialog('')} />}
    </main>
  )
}
