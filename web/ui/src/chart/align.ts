import type { Series } from '../graph/load'

// Column holds the values of a series: null where it has no value, undefined where it has
// no point.
export type Column = (number | null | undefined)[]

// align gives series with different steps a common time axis. Where only other series
// have a point, a column holds undefined, and its line is not interrupted.
export function align(series: Series[], nullAsZero: boolean): { times: number[]; columns: Column[] } {
  const first = series[0]
  if (!first) return { times: [], columns: [] }
  const value = (v: number | null) => (v === null && nullAsZero ? 0 : v)
  const same = series.every(
    (s) =>
      s.points.length === first.points.length &&
      s.points[0]?.[1] === first.points[0]?.[1] &&
      s.points[1]?.[1] === first.points[1]?.[1],
  )
  if (same) {
    return { times: first.points.map((p) => p[1]), columns: series.map((s) => s.points.map((p) => value(p[0]))) }
  }
  const all = new Set<number>()
  for (const s of series) for (const p of s.points) all.add(p[1])
  const times = [...all].sort((a, b) => a - b)
  const index = new Map(times.map((t, i) => [t, i]))
  const columns = series.map((s) => {
    const column: Column = new Array<undefined>(times.length).fill(undefined)
    for (const p of s.points) column[index.get(p[1])!] = value(p[0])
    return column
  })
  return { times, columns }
}

// stack adds to each column the columns before it. which[i] tells whether to stack
// column i.
export function stack(columns: Column[], which: boolean[]): Column[] {
  const sum: number[] = []
  return columns.map((column, n) => {
    if (!which[n]) return column
    return column.map((v, i) => {
      if (v === null || v === undefined) return v
      sum[i] = (sum[i] ?? 0) + v
      return sum[i]
    })
  })
}

// nearest returns the value closest to an index, at most close seconds away. A series
// that receives points less often than its step has a value at few indexes only.
export function nearest(
  column: ArrayLike<number | null | undefined>,
  index: number,
  times: ArrayLike<number>,
  close: number,
): number | null {
  const at = times[index]!
  for (let d = 0; index - d >= 0 || index + d < column.length; d++) {
    const before = index - d >= 0 && at - times[index - d]! <= close
    const after = index + d < column.length && times[index + d]! - at <= close
    if (!before && !after) return null
    for (const v of [before ? column[index - d] : null, after ? column[index + d] : null])
      if (v !== null && v !== undefined) return v
  }
  return null
}

// Summary summarizes the values of a series; null: it has no values.
export interface Summary {
  last: number | null
  min: number | null
  max: number | null
  avg: number | null
}

export function summary(s: Series): Summary {
  let last: number | null = null
  let min = Infinity
  let max = -Infinity
  let sum = 0
  let n = 0
  for (const [v] of s.points) {
    if (v === null) continue
    last = v
    if (v < min) min = v
    if (v > max) max = v
    sum += v
    n++
  }
  return n ? { last, min, max, avg: sum / n } : { last: null, min: null, max: null, avg: null }
}
