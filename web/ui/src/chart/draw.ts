import uPlot from 'uplot'
import { axes, hasSecondAxis, scales } from './axes'
import type { EventRecord } from './events'
import { lines } from './lines'
import { pageColors } from './palette'
import { pan } from './pan'
import { data, type Plot } from './plot'
import { tooltip } from './tooltip'
import { touch } from './touch'

// draw draws a plot into an element, in pixels. current returns the plot as it is
// when the user moves the cursor or selects a range.
export function draw(p: Plot, current: () => Plot, width: number, height: number, into: HTMLElement): uPlot {
  const c = pageColors()
  const { series, bands } = lines(p)
  const options: uPlot.Options = {
    width,
    height,
    padding: [10, hasSecondAxis(p) ? 0 : 18, 0, 0],
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
    scales: scales(p, () => current().window),
    axes: axes(p, c),
    series: [{}, ...series],
    bands,
    hooks: {
      setSelect: [(u) => select(u, current().onRange)],
      draw: [(u) => drawEvents(u, current().events, c.event)],
    },
    plugins: [
      tooltip(current),
      pan((from, until) => current().onRange(from, until)),
      touch((from, until) => current().onRange(from, until)),
    ],
  }
  return new uPlot(options, data(p), into)
}

// select reports the range that the user has dragged over.
function select(u: uPlot, onRange: Plot['onRange']): void {
  if (u.select.width < 4) return
  const from = u.posToVal(u.select.left, 'x')
  const until = u.posToVal(u.select.left + u.select.width, 'x')
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
  onRange(from, until)
}

// drawEvents draws a dashed line with a mark at its top for each event.
function drawEvents(u: uPlot, events: EventRecord[], color: string): void {
  const { ctx } = u
  const ratio = devicePixelRatio
  ctx.save()
  ctx.strokeStyle = color
  ctx.fillStyle = color
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
