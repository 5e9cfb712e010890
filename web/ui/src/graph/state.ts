import type { Range } from '../base/time'

// Target is an expression. A target that is off stays in the list and is not drawn.
export interface Target {
  text: string
  off?: boolean
}

// Graph holds the parameters of /render for one graph. options are the parameters that
// have no field of their own.
export interface Graph {
  targets: Target[]
  range: Range
  tz: string
  options: Record<string, string>
}

// Parameters of the page, which are not sent to /render.
const pageParams = new Set([
  'off',
  'events',
  'refresh',
  'picture',
  'plain',
  'find',
  'open',
  'search',
  '_salt',
  '_uniq',
  '_t',
])

// readGraph reads a graph from the parameters of a page or of /render.
export function readGraph(params: URLSearchParams): Graph {
  const off = new Set((params.get('off') ?? '').split(',').filter(Boolean).map(Number))
  const graph: Graph = { targets: [], range: { from: '', until: '' }, tz: '', options: {} }
  for (const [name, value] of params) {
    if (name === 'target' || name === 'target[]')
      graph.targets.push({ text: value, off: off.has(graph.targets.length) })
    else if (name === 'from') graph.range.from = value
    else if (name === 'until') graph.range.until = value
    else if (name === 'tz') graph.tz = value
    else if (!pageParams.has(name) && value !== '') graph.options[name] = value
  }
  return graph
}

// readURL reads a graph from a URL of /render or of a page.
export function readURL(url: string): Graph {
  return readGraph(new URLSearchParams(url.slice(url.indexOf('?') + 1)))
}

// writeGraph returns the parameters of the page that shows the graph. readGraph reads them.
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

// drawn returns the targets that are not off and not empty.
export function drawn(g: Graph): string[] {
  return g.targets.filter((t) => !t.off && t.text.trim()).map((t) => t.text.trim())
}

// renderParams returns the parameters of /render that draw the graph. more replaces
// parameters of the same name.
export function renderParams(g: Graph, more: Record<string, string> = {}): [string, string][] {
  const params: [string, string][] = drawn(g).map((t) => ['target', t])
  const others = rest(g).filter(([name]) => !(name in more))
  return [...params, ...others, ...Object.entries(more)]
}
