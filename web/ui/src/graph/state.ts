import { isLive, type Range } from '../base/time'

// Target is one expression; those that are off are kept, and not drawn.
export interface Target {
  text: string
  off?: boolean
}

// Graph is all that makes a graph: what /render takes. Options are its other
// parameters, as they are.
export interface Graph {
  targets: Target[]
  range: Range
  tz: string
  options: Record<string, string>
}

// Parameters that are the page's, and never sent to /render.
const own = new Set(['off', 'events', 'refresh', 'picture', 'plain', 'find', 'open', 'search', '_salt', '_uniq', '_t'])

export function readGraph(params: URLSearchParams): Graph {
  const off = new Set((params.get('off') ?? '').split(',').filter(Boolean).map(Number))
  const graph: Graph = { targets: [], range: { from: '', until: '' }, tz: '', options: {} }
  for (const [name, value] of params) {
    if (name === 'target' || name === 'target[]')
      graph.targets.push({ text: value, off: off.has(graph.targets.length) })
    else if (name === 'from') graph.range.from = value
    else if (name === 'until') graph.range.until = value
    else if (name === 'tz') graph.tz = value
    else if (!own.has(name) && value !== '') graph.options[name] = value
  }
  return graph
}

// writeGraph is the address of the graph, readGraph's reverse.
export function writeGraph(g: Graph): [string, string][] {
  const params: [string, string][] = g.targets.map((t) => ['target', t.text])
  const off = g.targets.flatMap((t, i) => (t.off ? [i] : []))
  if (off.length) params.push(['off', off.join(',')])
  return params.concat(rest(g))
}

function rest(g: Graph): [string, string][] {
  const params: [string, string][] = []
  if (g.range.from) params.push(['from', g.range.from])
  if (g.range.until) params.push(['until', g.range.until])
  if (g.tz) params.push(['tz', g.tz])
  for (const [name, value] of Object.entries(g.options)) if (value !== '') params.push([name, value])
  return params
}

// drawn are the targets that are drawn.
export function drawn(g: Graph): string[] {
  return g.targets.filter((t) => !t.off && t.text.trim()).map((t) => t.text.trim())
}

// renderParams is what /render is asked for.
export function renderParams(g: Graph, more: Record<string, string> = {}): [string, string][] {
  const params: [string, string][] = drawn(g).map((t) => ['target', t])
  const others = rest(g).filter(([name]) => !(name in more))
  return [...params, ...others, ...Object.entries(more)]
}

export function live(g: Graph): boolean {
  return isLive(g.range)
}
