import type uPlot from 'uplot'
import type { Series } from '../graph/load'
import { isTrue } from '../graph/options'
import type { Graph } from '../graph/state'
import { align, stack } from './align'
import type { EventRecord } from './events'

// Plot holds the data and settings of a chart.
export interface Plot {
  series: Series[]
  hidden: Set<string> // names of hidden series
  window: [number, number] | null // unix seconds; null: the range of the points
  options: Record<string, string> // parameters of /render
  zone: string // time zone; '': the browser's
  dark: boolean
  events: EventRecord[]
  group: string // charts of a group share their crosshair; empty: none
  onRange: (from: number, until: number) => void // the user selected a range
}

// plotOf returns the plot of a graph with its data. By default it has no hidden series, no
// group, and ignores selections.
export function plotOf(
  graph: Pick<Graph, 'options' | 'tz'>,
  data: Pick<Plot, 'series' | 'window' | 'events'>,
  dark: boolean,
  more: Partial<Pick<Plot, 'hidden' | 'group' | 'onRange'>> = {},
): Plot {
  return {
    series: data.series,
    window: data.window,
    events: data.events,
    options: graph.options,
    zone: graph.tz,
    dark,
    hidden: new Set(),
    group: '',
    onRange: () => {},
    ...more,
  }
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

// stackedSeries returns, for each series, whether it is stacked.
export function stackedSeries(p: Plot): boolean[] {
  const all = p.options.areaMode === 'stacked'
  return p.series.map((s) => (all || s.style.stacked === true) && !p.hidden.has(s.name))
}
