import uPlot from 'uplot'
import { axis } from '../base/format'
import { dateTime } from '../base/time'
import type { Series } from '../graph/load'
import { isTrue, num } from '../graph/options'
import { align, stack } from './align'
import type { Happening } from './events'
import { colour, css, faded } from './palette'
import { pan } from './pan'
import { tooltip } from './tooltip'
import { touch } from './touch'

// What a plot shows.
export interface Plot {
  series: Series[]
  hidden: Set<string> // names of series
  window: [number, number] | null // unix seconds; null: that of the points
  options: Record<string, string> // of /render
  zone: string // '': the browser's
  dark: boolean
  events: Happening[]
  group: string // charts of a group share their crosshair; empty: none
  onRange: (from: number, until: number) => void
}

export interface Colours {
  page: string
  text: string
  quiet: string
  line: string
  mark: string
  event: string
}

function colours(): Colours {
  const style = getComputedStyle(document.documentElement)
  const of = (name: string) => style.getPropertyValue(name).trim()
  return {
    page: of('--card'),
    text: of('--text'),
    quiet: of('--quiet'),
    line: of('--grid'),
    mark: of('--link'),
    event: of('--event'),
  }
}

// colourOf is the colour of series i: what its target says, or the list of the
// graph, or ours.
export function colourOf(p: { series: Series[]; options: Record<string, string>; dark: boolean }, i: number): string {
  const own = p.series[i]!.style.colour
  if (own) return own
  const list = (p.options.colorList ?? '').split(',').filter(Boolean)
  const listed = list.length ? css(list[i % list.length]!) : null
  return listed ?? colour(i, p.dark)
}

// shape is what of a plot only a new chart can show: all but points and marks.
export function shape(p: Plot): string {
  return JSON.stringify([p.series.map((s) => [s.name, s.style]), [...p.hidden], p.options, p.zone, p.dark, p.group])
}

export function data(p: Plot): { all: uPlot.AlignedData; plain: uPlot.AlignedData } {
  const { times, columns } = align(p.series, isTrue(p.options.drawNullAsZero))
  const adds = p.options.areaMode === 'stacked'
  const stacked = stack(
    columns,
    p.series.map((s) => adds && !p.hidden.has(s.name) && !s.style.stacked),
  )
  return { all: [times, ...stacked] as uPlot.AlignedData, plain: [times, ...columns] as uPlot.AlignedData }
}

function stackedSeries(p: Plot): boolean[] {
  const all = p.options.areaMode === 'stacked'
  return p.series.map((s) => (all || s.style.stacked === true) && !p.hidden.has(s.name))
}

export function create(p: Plot, current: () => Plot, width: number, height: number, into: HTMLElement): uPlot {
  const c = colours()
  const font = '11px system-ui, sans-serif'
  const second = p.series.some((s) => s.style.second)
  const log = num(p.options.logBase) ?? (p.options.logBase === 'e' ? Math.E : null)
  const stacked = stackedSeries(p)
  const areaAlpha = num(p.options.areaAlpha)
  const stairs = p.options.lineMode === 'staircase'
  const mode = p.options.areaMode ?? 'none'
  const areas = (i: number) => stacked[i] || mode === 'all' || (mode === 'first' && i === 0)

  const range = (min: string, max: string): uPlot.Scale.Range => {
    const low = num(p.options[min])
    const high = num(p.options[max])
    if (log) {
      return (u, a, b) => {
        const auto =
          a === null || b === null || a === undefined ? [1, 10] : uPlot.rangeLog(a, b, log === 2 ? 2 : 10, true)
        void u
        return [low !== null && low > 0 ? low : auto[0]!, high ?? auto[1]!]
      }
    }
    return (_, a, b) => {
      if (a === null || a === undefined || b === null || (a === 0 && b === 0)) return [low ?? 0, high ?? 1]
      const zero = (p.series.some((_, i) => areas(i)) && a > 0) || (a >= 0 && a < (b - a) * 0.5)
      const auto = uPlot.rangeNum(zero ? 0 : a, b === a && zero && b === 0 ? 1 : b, {
        min: { pad: zero ? 0 : 0.08, soft: 0, mode: zero ? 1 : 3 },
        max: { pad: 0.08, soft: 0, mode: 0 },
      })
      return [low ?? auto[0]!, high ?? auto[1]!]
    }
  }

  const paths = stairs ? uPlot.paths.stepped!({ align: 1 }) : undefined
  const series: uPlot.Series[] = p.series.map((s, i) => {
    const line = colourOf(p, i)
    const alpha = s.style.alpha
    const area = areas(i)
    return {
      label: s.name,
      scale: s.style.second ? 'right' : 'y',
      show: !p.hidden.has(s.name),
      stroke: alpha === undefined ? line : faded(line, alpha),
      width: s.style.width ?? num(p.options.lineWidth) ?? 1.5,
      dash: s.style.dash ? [s.style.dash, s.style.dash] : undefined,
      fill: area ? faded(line, areaAlpha ?? (stacked[i] ? 0.55 : 0.16)) : undefined,
      paths: s.style.infinite ? infinite : paths,
      auto: !s.style.infinite,
      spanGaps: p.options.lineMode === 'connected',
      points: { show: !s.style.infinite, size: 5, fill: line, filter: (u, at) => lonely(u.data[at] ?? []) },
    }
  })
  const bands: uPlot.Band[] = []
  let below = -1
  stacked.forEach((yes, i) => {
    if (!yes) return
    if (below >= 0) bands.push({ series: [i + 1, below + 1], fill: faded(colourOf(p, i), areaAlpha ?? 0.55) })
    below = i
  })

  const tip = tooltip(current, c)
  const axes: uPlot.Axis[] = [
    {
      stroke: c.quiet,
      font,
      grid: { stroke: c.line, width: 1 },
      ticks: { stroke: c.line, width: 1, size: 4 },
      size: 40,
      gap: 3,
      space: 70,
      values: timeValues(p.zone),
    },
    {
      scale: 'y',
      stroke: c.quiet,
      font,
      size: axisSize,
      gap: 6,
      grid: { stroke: c.line, width: 1 },
      ticks: { show: false },
      values: (_, splits) => axis(splits),
      ...(p.options.vtitle ? { label: p.options.vtitle, labelSize: 18, labelFont: font } : {}),
    },
  ]
  if (second) {
    axes.push({
      scale: 'right',
      side: 1,
      stroke: c.quiet,
      font,
      size: axisSize,
      gap: 6,
      grid: { show: false },
      ticks: { show: false },
      values: (_, splits) => axis(splits),
    })
  }

  const options: uPlot.Options = {
    width,
    height,
    padding: [10, second ? 0 : 18, 0, 0],
    legend: { show: false },
    focus: { alpha: 1 },
    tzDate: p.zone ? (t) => uPlot.tzDate(new Date(t * 1000), p.zone) : (t) => new Date(t * 1000),
    cursor: {
      x: true,
      y: false,
      drag: { x: true, y: false, setScale: false },
      focus: { prox: 24 },
      hover: { skip: [undefined, null], prox: 14 },
      points: { size: 6, show: p.series.length <= 60 },
      ...(p.group ? { sync: { key: p.group, setSeries: false } } : {}),
    },
    scales: {
      x: { time: true, range: (_, a, b) => current().window ?? [a ?? 0, b ?? 1] },
      y: {
        range: range('yMin', 'yMax'),
        ...(log ? { distr: 3 as const, log: (log === 2 ? 2 : 10) as uPlot.Scale.LogBase } : {}),
      },
      right: { range: range('yMinRight', 'yMaxRight') },
    },
    axes,
    series: [{}, ...series],
    bands,
    hooks: {
      setSelect: [
        (u) => {
          if (u.select.width < 4) return
          const from = u.posToVal(u.select.left, 'x')
          const until = u.posToVal(u.select.left + u.select.width, 'x')
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          current().onRange(from, until)
        },
      ],
      draw: [(u) => drawEvents(u, current().events, c)],
    },
    plugins: [
      tip,
      pan((from, until) => current().onRange(from, until)),
      touch((from, until) => current().onRange(from, until)),
    ],
  }
  return new uPlot(options, data(p).all, into)
}

// infinite draws each value that is not 0 as a line from bottom to top.
const infinite: uPlot.Series.PathBuilder = (u, series, first, last) => {
  const stroke = new Path2D()
  for (let i = first; i <= last; i++) {
    if (!u.data[series]![i]) continue
    const x = u.valToPos(u.data[0][i]!, 'x', true)
    stroke.moveTo(x, u.bbox.top)
    stroke.lineTo(x, u.bbox.top + u.bbox.height)
  }
  return { stroke, fill: null, clip: null }
}

// lonely are the points of a column without neighbours, which no line shows.
function lonely(column: ArrayLike<number | null | undefined>): number[] {
  const found: number[] = []
  let before = true // nothing is there
  for (let i = 0; i < column.length; i++) {
    const v = column[i]
    if (v === undefined) continue
    if (v !== null && before) {
      let k = i + 1
      while (k < column.length && column[k] === undefined) k++
      if (k >= column.length || column[k] === null) found.push(i)
    }
    before = v === null
  }
  return found
}

const axisSize: uPlot.Axis.Size = (u, values) => {
  const longest = (values ?? []).reduce((max, v) => Math.max(max, v?.length ?? 0), 0)
  void u
  return Math.max(34, 14 + longest * 6.6)
}

// timeValues writes the hour, and the day where it changes.
function timeValues(zone: string): uPlot.Axis.DynamicValues {
  return (_, splits, __, ___, increment) => {
    let day = ''
    return splits.map((t) => {
      const text = dateTime(t, zone) // 21 Nov 2026, 11:05[:30]
      const [date = '', time = ''] = text.split(', ')
      const short = date.replace(/ \d{4}$/, '')
      const first = short !== day
      day = short
      if (increment >= 86400 * 300) return date.slice(-4)
      if (increment >= 86400) return short
      return first ? `${time}\n${short}` : time
    })
  }
}

function drawEvents(u: uPlot, events: Happening[], c: Colours): void {
  const { ctx } = u
  const ratio = devicePixelRatio
  ctx.save()
  ctx.strokeStyle = c.event
  ctx.fillStyle = c.event
  ctx.lineWidth = ratio
  ctx.setLineDash([4 * ratio, 3 * ratio])
  const { min, max } = u.scales.x!
  for (const e of events) {
    if (e.when < (min ?? 0) || e.when > (max ?? 0)) continue
    const x = Math.round(u.valToPos(e.when, 'x', true))
    ctx.beginPath()
    ctx.moveTo(x, u.bbox.top)
    ctx.lineTo(x, u.bbox.top + u.bbox.height)
    ctx.stroke()
    ctx.beginPath()
    ctx.moveTo(x - 5 * ratio, u.bbox.top - 7 * ratio)
    ctx.lineTo(x + 5 * ratio, u.bbox.top - 7 * ratio)
    ctx.lineTo(x, u.bbox.top)
    ctx.fill()
  }
  ctx.restore()
}
