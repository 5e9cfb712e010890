import uPlot from 'uplot'
import { num } from '../graph/options'
import { colorOf, faded } from './palette'
import { type Plot, stackedSeries } from './plot'

// lines returns how uPlot draws each series, and the bands between stacked ones.
export function lines(p: Plot): { series: uPlot.Series[]; bands: uPlot.Band[] } {
  const stacked = stackedSeries(p)
  const areaAlpha = num(p.options.areaAlpha)
  const paths = p.options.lineMode === 'staircase' ? uPlot.paths.stepped!({ align: 1 }) : undefined
  const series = p.series.map((s, i): uPlot.Series => {
    const line = colorOf(p, i)
    const alpha = s.style.alpha
    return {
      label: s.name,
      scale: s.style.second ? 'right' : 'y',
      show: !p.hidden.has(s.name),
      stroke: alpha === undefined ? line : faded(line, alpha),
      width: s.style.width ?? num(p.options.lineWidth) ?? 1.5,
      dash: s.style.dash ? [s.style.dash, s.style.dash] : undefined,
      fill: isArea(p, stacked, i) ? faded(line, areaAlpha ?? (stacked[i] ? 0.55 : 0.16)) : undefined,
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
    if (below >= 0) bands.push({ series: [i + 1, below + 1], fill: faded(colorOf(p, i), areaAlpha ?? 0.55) })
    below = i
  })
  return { series, bands }
}

// isArea reports whether series i is drawn as an area.
export function isArea(p: Plot, stacked: boolean[], i: number): boolean {
  const mode = p.options.areaMode ?? 'none'
  return stacked[i]! || mode === 'all' || (mode === 'first' && i === 0)
}

// infinite draws a vertical line at each nonzero value.
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

// lonely returns the points without neighbors, which no line connects.
function lonely(column: ArrayLike<number | null | undefined>): number[] {
  const found: number[] = []
  let before = true // no value before
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
