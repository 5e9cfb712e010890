import { query } from '../base/router'
import { lastHour, offset, type Range, unixTime } from '../base/time'
import type { Series } from '../graph/load'
import { type Graph, readURL, type Target } from '../graph/state'

// A dashboard is stored in graphite-web's format, so that both programs can read it. What
// graphite-web does not know is stored under "carbon".

export interface Panel {
  id: number
  targets: Target[]
  options: Record<string, string>
  x: number // in columns
  y: number // in rows
  w: number
  h: number
  frozen?: Series[] // data of a snapshot
}

export interface Variable {
  name: string
  query: string // a pattern, whose last nodes are the values, or tag:NAME and tag expressions
  value: string // the chosen value; '*' is all
}

export interface Dashboard {
  name: string
  panels: Panel[]
  variables: Variable[]
  range: Range
  tz: string
  refresh: number // seconds; 0: never
  rest: Record<string, unknown> // unknown fields of the stored state
}

export const columns = 24 // of the grid

type Json = Record<string, unknown>

const isObject = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v)
const text = (v: unknown): string =>
  typeof v === 'string' || typeof v === 'number' || typeof v === 'boolean' ? String(v) : ''
const list = (v: unknown): unknown[] => (Array.isArray(v) ? v : [])

let ids = 0

// newPanel returns a panel below the others, or beside the last one if there is room.
export function newPanel(targets: Target[], options: Record<string, string>, among: Panel[]): Panel {
  const y = among.reduce((max, p) => Math.max(max, p.y + p.h), 0)
  const last = among[among.length - 1]
  const beside = last && last.y + last.h === y && last.x + last.w + 12 <= columns && last.w <= 12
  return { id: ++ids, targets, options, x: beside ? last.x + last.w : 0, y: beside ? last.y : y, w: 12, h: 8 }
}

// withPanel returns a dashboard with one more panel.
export function withPanel(d: Dashboard, targets: Target[], options: Record<string, string>): Dashboard {
  return { ...d, panels: [...d.panels, newPanel(targets, options, d.panels)] }
}

// empty returns a dashboard without panels.
export function empty(name: string): Dashboard {
  return { name, panels: [], variables: [], range: lastHour, tz: '', refresh: 30, rest: {} }
}

// readState reads a stored dashboard, also one of graphite-web. It leaves out values that
// it does not understand.
export function readState(name: string, state: unknown): Dashboard {
  const d = empty(name)
  if (!isObject(state)) return d
  const { graphs, timeConfig, refreshConfig, defaultGraphParams, carbon, ...rest } = state
  const own = isObject(carbon) ? carbon : {}
  d.rest = rest
  const defaults = isObject(defaultGraphParams) ? defaultGraphParams : {}
  d.range = isObject(own.range)
    ? { from: text(own.range.from), until: text(own.range.until) }
    : timeOf(timeConfig, defaults)
  d.tz = text(own.tz)
  if (typeof own.refresh === 'number') d.refresh = own.refresh
  else if (isObject(refreshConfig))
    d.refresh = refreshConfig.enabled === false ? 0 : Math.max(5, Number(refreshConfig.interval) / 1000 || 60)
  const layout = list(own.layout)
  const frozen = list(own.snapshot)
  list(graphs).forEach((g, i) => {
    const graph = readPanelGraph(g)
    if (!graph) return
    const panel = newPanel(graph.targets, graph.options, d.panels)
    const position = layout[i]
    if (isObject(position)) setPosition(panel, position)
    if (Array.isArray(frozen[i])) panel.frozen = frozen[i] as Series[]
    d.panels.push(panel)
  })
  for (const v of list(own.variables)) {
    if (isObject(v) && text(v.name))
      d.variables.push({ name: text(v.name), query: text(v.query), value: text(v.value) || '*' })
  }
  return d
}

// setPosition reads position, size and hidden targets of a panel.
function setPosition(panel: Panel, position: Json): void {
  const whole = (v: unknown, min: number, max: number, otherwise: number) =>
    Number.isFinite(Number(v)) ? Math.min(max, Math.max(min, Math.round(Number(v)))) : otherwise
  panel.w = whole(position.w, 2, columns, panel.w)
  panel.h = whole(position.h, 3, 60, panel.h)
  panel.x = whole(position.x, 0, columns - panel.w, 0)
  panel.y = whole(position.y, 0, 10_000, panel.y)
  const off = new Set(list(position.off).map(Number))
  panel.targets = panel.targets.map((t, n) => (off.has(n) ? { ...t, off: true } : t))
}

// Parameters of a stored graph that the dashboard sets instead.
const dashboardParams = ['target', 'from', 'until', 'width', 'height', '_uniq', '_salt', 'uniq']

// readPanelGraph reads a graph of graphite-web: [targets, parameters, URL].
function readPanelGraph(g: unknown): { targets: Target[]; options: Record<string, string> } | null {
  const params = list(g).find(isObject) ?? (isObject(g) ? g : undefined)
  const first = list(g)[0]
  let targets = list(params?.target).map(text)
  if (!targets.length && typeof params?.target === 'string') targets = [params.target]
  if (!targets.length) targets = Array.isArray(first) ? first.map(text) : typeof first === 'string' ? [first] : []
  const address = list(g).find((x, i) => i > 0 && typeof x === 'string') as string | undefined
  if (!targets.length && address) {
    const read = readURL(address)
    return read.targets.length ? { targets: read.targets.map(({ text }) => ({ text })), options: read.options } : null
  }
  if (!targets.length) return null
  const options: Record<string, string> = {}
  for (const [name, value] of Object.entries(params ?? {})) {
    if (dashboardParams.includes(name)) continue
    if (text(value) !== '') options[name] = text(value)
  }
  return { targets: targets.filter(Boolean).map((t) => ({ text: t })), options }
}

// timeOf reads the time range of a dashboard of graphite-web.
function timeOf(config: unknown, defaults: Json): Range {
  if (isObject(config)) {
    if (config.type === 'relative') {
      const from = `-${text(config.relativeStartQuantity) || '1'}${text(config.relativeStartUnits) || 'hours'}`
      const units = text(config.relativeUntilUnits)
      return { from, until: !units || units === 'now' ? '' : `-${text(config.relativeUntilQuantity)}${units}` }
    }
    if (config.type === 'absolute') {
      const moment = (date: unknown, time: unknown) => {
        const day = new Date(text(date))
        const at = /(\d+):(\d+)\s*([AP]M)?/i.exec(text(time))
        if (Number.isNaN(day.getTime())) return ''
        if (at) day.setHours((Number(at[1]) % (at[3] ? 12 : 24)) + (/p/i.test(at[3] ?? '') ? 12 : 0), Number(at[2]), 0)
        return String(Math.floor(day.getTime() / 1000))
      }
      return { from: moment(config.startDate, config.startTime), until: moment(config.endDate, config.endTime) }
    }
  }
  return { from: text(defaults.from) || '-2h', until: text(defaults.until) === 'now' ? '' : text(defaults.until) }
}

// writeState returns the stored form of a dashboard.
export function writeState(d: Dashboard): Json {
  const graphs = d.panels.map((p) => {
    const targets = p.targets.map((t) => t.text)
    const params: Json = { ...p.options, target: targets }
    const all = [...targets.map((t): [string, string] => ['target', t]), ...Object.entries(p.options)]
    return [targets, params, `/render${query(all) || '?'}`]
  })
  const relative = offset(d.range.from)
  return {
    ...d.rest,
    name: d.name,
    graphs,
    defaultGraphParams: { from: d.range.from || '-1d', until: d.range.until || 'now', width: 600, height: 300 },
    timeConfig:
      relative && !d.range.until
        ? {
            type: 'relative',
            relativeStartQuantity: relative.quantity,
            relativeStartUnits: relative.unitName || 'hours',
            relativeUntilUnits: 'now',
            relativeUntilQuantity: '',
          }
        : { type: 'absolute', ...absoluteConfig(d.range) },
    refreshConfig: { enabled: d.refresh > 0, interval: (d.refresh || 60) * 1000 },
    graphSize: isObject(d.rest.graphSize) ? d.rest.graphSize : { width: 600, height: 300 },
    carbon: {
      layout: d.panels.map((p) => {
        const off = p.targets.flatMap((t, i) => (t.off ? [i] : []))
        return { x: p.x, y: p.y, w: p.w, h: p.h, ...(off.length ? { off } : {}) }
      }),
      variables: d.variables,
      range: d.range,
      tz: d.tz,
      refresh: d.refresh,
      ...(d.panels.some((p) => p.frozen) ? { snapshot: d.panels.map((p) => p.frozen ?? null) } : {}),
    },
  }
}

// absoluteConfig returns graphite-web's form of an absolute range. Times that only the
// server understands become now.
function absoluteConfig(range: Range): Json {
  const parts = (t: string) => {
    const seconds = unixTime(t)
    const day = seconds === null ? new Date() : new Date(seconds * 1000)
    const two = (n: number) => String(n).padStart(2, '0')
    return [
      `${two(day.getMonth() + 1)}/${two(day.getDate())}/${day.getFullYear()}`,
      `${two(day.getHours())}:${two(day.getMinutes())}`,
    ] as const
  }
  const [startDate, startTime] = parts(range.from)
  const [endDate, endTime] = parts(range.until)
  return { startDate, startTime, endDate, endTime }
}

// fill replaces $name and ${name} in a text with the chosen values of variables. In a tag
// expression, 'host=$name' or 'host=~$name', the value * becomes a regular expression that
// matches every host.
export function fill(text: string, variables: Variable[]): string {
  return variables.reduce((t, v) => {
    const name = `\\$(?:${escapePattern(v.name)}(?!\\w)|\\{${escapePattern(v.name)}\\})`
    const of = v.value === '*' ? t.replace(new RegExp(`(["'][\\w.-]+)=~?${name}(?=["'])`, 'g'), '$1=~.+') : t
    return of.replace(new RegExp(name, 'g'), () => v.value)
  }, text)
}

const escapePattern = (s: string) => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

// graphOf returns the graph that a panel draws.
export function graphOf(p: Panel, range: Range, tz: string, variables: Variable[]): Graph {
  const options = Object.fromEntries(Object.entries(p.options).map(([n, v]) => [n, fill(v, variables)]))
  return { targets: p.targets.map((t) => ({ ...t, text: fill(t.text, variables) })), range, tz, options }
}

// titleOf returns the title of a panel: its own, or else its targets.
export function titleOf(p: Panel, variables: Variable[]): string {
  const words = variables.map((v) => (v.value === '*' ? { ...v, value: 'all' } : v))
  return p.options.title ? fill(p.options.title, words) : p.targets.map((t) => fill(t.text, variables)).join(', ')
}

// graphsOf reads URLs of graphs from a text: of /render, /composer, or images.
export function graphsOf(lines: string): Graph[] {
  return lines
    .split(/\s+/)
    .filter((l) => l.includes('target='))
    .map((l) => readURL(l.replace(/&amp;/g, '&')))
    .filter((g) => g.targets.length > 0)
    .map((g) => {
      const { width: _w, height: _h, format: _f, ...options } = g.options
      return { ...g, options }
    })
}
