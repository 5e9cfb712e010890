import { config } from '../base/config'

// The pattern of the nodes above the server's self metrics; empty: there are none.
const parent = config.own.replace(/\.[^.]*$/, '')

export const hasSelfMetrics = parent !== ''

// selfMetric returns the target that draws a self metric of the server under a name.
export function selfMetric(metric: string, name: string): string {
  return `alias(sumSeries(${parent}.${metric}),"${name}")`
}
