import uPlot from 'uplot'
import { axis } from '../base/format'
import { dateTime, day } from '../base/time'
import { num } from '../graph/options'
import { isArea } from './lines'
import type { Colors } from './palette'
import { type Plot, stackedSeries } from './plot'

const font = '11px system-ui, sans-serif'

// hasSecondAxis reports whether a series belongs to the axis on the right.
export const hasSecondAxis = (p: Plot) => p.series.some((s) => s.style.second)

// axes returns the time axis and the value axes.
export function axes(p: Plot, c: Colors): uPlot.Axis[] {
  const value = {
    stroke: c.quiet,
    font,
    size: axisSize,
    gap: 6,
    ticks: { show: false },
    values: (_: uPlot, splits: number[]) => axis(splits),
  }
  const all: uPlot.Axis[] = [
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
      ...value,
      scale: 'y',
      grid: { stroke: c.line, width: 1 },
      ...(p.options.vtitle ? { label: p.options.vtitle, labelSize: 18, labelFont: font } : {}),
    },
  ]
  if (hasSecondAxis(p)) all.push({ ...value, scale: 'right', side: 1, grid: { show: false } })
  return all
}

// scales returns the scales of time and of values. window gives the time range.
export function scales(p: Plot, window: () => [number, number] | null): uPlot.Scales {
  const base = num(p.options.logBase) ?? (p.options.logBase === 'e' ? Math.E : null)
  const range = (min: string, max: string) =>
    base
      ? logRange(num(p.options[min]), num(p.options[max]), base)
      : linearRange(p, num(p.options[min]), num(p.options[max]))
  const log = base === 2 ? 2 : 10
  return {
    x: { time: true, range: (_, a, b) => window() ?? [a ?? 0, b ?? 1] },
    y: { range: range('yMin', 'yMax'), ...(base ? { distr: 3 as const, log: log as uPlot.Scale.LogBase } : {}) },
    right: { range: range('yMinRight', 'yMaxRight') },
  }
}

// logRange keeps low and high where they are set, and rounds to powers of the base elsewhere.
function logRange(low: number | null, high: number | null, base: number): uPlot.Scale.Range {
  return (_, a, b) => {
    const auto = a === null || b === null || a === undefined ? [1, 10] : uPlot.rangeLog(a, b, base === 2 ? 2 : 10, true)
    return [low !== null && low > 0 ? low : auto[0]!, high ?? auto[1]!]
  }
}

// linearRange begins at 0 for areas and for values close to it.
function linearRange(p: Plot, low: number | null, high: number | null): uPlot.Scale.Range {
  const stacked = stackedSeries(p)
  const areas = p.series.some((_, i) => isArea(p, stacked, i))
  return (_, a, b) => {
    if (a === null || a === undefined || b === null || (a === 0 && b === 0)) return [low ?? 0, high ?? 1]
    const zero = (areas && a > 0) || (a >= 0 && a < (b - a) * 0.5)
    const auto = uPlot.rangeNum(zero ? 0 : a, b === a && zero && b === 0 ? 1 : b, {
      min: { pad: zero ? 0 : 0.08, soft: 0, mode: zero ? 1 : 3 },
      max: { pad: 0.08, soft: 0, mode: 0 },
    })
    return [low ?? auto[0]!, high ?? auto[1]!]
  }
}

const axisSize: uPlot.Axis.Size = (_, values) => {
  const longest = (values ?? []).reduce((max, v) => Math.max(max, v?.length ?? 0), 0)
  return Math.max(34, 14 + longest * 6.6)
}

// timeValues labels the time axis with times, and with dates where the date changes.
function timeValues(zone: string): uPlot.Axis.DynamicValues {
  return (_, splits, __, ___, increment) => {
    let last = ''
    return splits.map((t) => {
      const text = dateTime(t, zone) // 21 Nov 2026, 11:05[:30]
      const [date = '', time = ''] = text.split(', ')
      const short = date.replace(/ \d{4}$/, '')
      const first = short !== last
      last = short
      if (increment >= 300 * day) return date.slice(-4)
      if (increment >= day) return short
      return first ? `${time}\n${short}` : time
    })
  }
}
