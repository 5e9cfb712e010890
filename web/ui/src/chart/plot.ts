import type uPlot from 'uplot'
import type { Series } from '../graph/load'
import { isTrue } from '../graph/options'
import { align, stack } from './align'
import type { Happening } from './events'

// Plot is what a chart shows.
export interface Plot {
  series: Series[]
  hidden: Set<string> // names of hidden series
  window: [number, number] | null // unix seconds; null: that of the points
  options: Record<string, string> // parameters of /render
  zone: string // time zone; '': the browser's
  dark: boolean
  events: Happening[]
  group: string // charts of a group share their crosshair; empty: none
  onRange: (from: number, until: number) => void
}

// shape identifies the parts of a plot that need a new chart when they change: all but
// points and events.
export function shape(p: Plot): string {
  return JSON.stringify([p.series.map((s) => [s.name, s.style]), [...p.hidden], p.options, p.zone, p.dark, p.group])
}

// data returns the columns to draw: the times, and the values of each series, those of
// stacked series added up.
export function data(p: Plot): uPlot.AlignedData {
  const { times, columns } = align(p.series, isTrue(p.options.drawNullAsZero))
  const adds = p.options.areaMode === 'stacked'
  const stacked = stack(
    columns,
    p.series.map((s) => adds && !p.hidden.has(s.name) && !s.style.stacked),
  )
  return [times, ...stacked] as uPlot.AlignedData
}

// stackedSeries tells which series are stacked.
export function stackedSeries(p: Plot): boolean[] {
  const all = p.options.areaMode === 'stacked'
  return p.series.map((s) => (all || s.style.stacked === true) && !p.hidden.has(s.name))
}
