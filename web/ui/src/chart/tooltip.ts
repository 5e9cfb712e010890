import type uPlot from 'uplot'
import { short } from '../base/format'
import { dateTime } from '../base/time'
import { isTrue } from '../graph/options'
import { align, nearest } from './align'
import { colorOf } from './palette'
import type { Plot } from './plot'

const rows = 12 // of series, those nearest to the cursor
const reach = 14 // pixels from the cursor to a value that stands alone

// tooltip shows the time under the cursor, the values there, and events close by.
export function tooltip(current: () => Plot): uPlot.Plugin {
  let box: HTMLDivElement
  let over = false
  let focused: number | null = null
  let from: Plot | null = null
  let columns: (number | null | undefined)[][] = []

  const valueAt = (i: number, index: number, times: ArrayLike<number>, close: number): number | null => {
    const column = columns[i]
    if (!column) return null
    for (let k = index; k >= Math.max(0, index - 60); k--) {
      const v = column[k]
      if (v === null) break
      if (v !== undefined) return v
    }
    return nearest(column, index, times, close)
  }

  const line = (...parts: (Node | string)[]) => {
    const div = document.createElement('div')
    div.append(...parts)
    return div
  }
  const span = (name: string, text: string) => {
    const s = document.createElement('span')
    s.className = name
    s.textContent = text
    return s
  }

  const update = (u: uPlot) => {
    const p = current()
    const { left, top, idx } = u.cursor
    if (!over || idx === null || idx === undefined || left === undefined || left < 0 || !p.series.length) {
      box.hidden = true
      return
    }
    if (from?.series !== p.series) {
      from = p
      columns = align(p.series, isTrue(p.options.drawNullAsZero)).columns
    }
    const time = u.data[0][idx]!
    const close = reach * Math.abs(u.posToVal(1, 'x') - u.posToVal(0, 'x'))
    const shown = p.series
      .map((s, i) => ({ s, i, v: valueAt(i, idx, u.data[0], close) }))
      .filter(({ s, v }) => !p.hidden.has(s.name) && v !== null)
    let picked = shown
    if (shown.length > rows && top !== undefined) {
      const distance = (x: { i: number }) => {
        const drawn = u.data[x.i + 1]?.[idx]
        return typeof drawn === 'number'
          ? Math.abs(u.valToPos(drawn, p.series[x.i]!.style.second ? 'right' : 'y') - top)
          : Infinity
      }
      picked = [...shown].sort((a, b) => distance(a) - distance(b)).slice(0, rows)
    }
    picked = [...picked].sort((a, b) => b.v! - a.v!)
    const parts: Node[] = [line(span('when', dateTime(time, p.zone)))]
    for (const { s, i, v } of picked) {
      const swatch = span('swatch', '')
      swatch.style.background = colorOf(p, i)
      const row = line(swatch, span('name', s.name), span('value', short(v)))
      if (i === focused) row.className = 'focused'
      parts.push(row)
    }
    if (shown.length > picked.length) parts.push(line(span('quiet', `${shown.length - picked.length} more`)))
    const near = p.events.filter((e) => Math.abs(u.valToPos(e.when, 'x') - left) < 6)
    for (const e of near.slice(0, 3)) parts.push(line(span('event', `▼ ${e.what}`), span('quiet', e.tags.join(' '))))
    box.replaceChildren(...parts)
    box.hidden = false
    const width = box.offsetWidth
    const room = u.over.clientWidth
    const x = left + 14 + width > room && left > width + 14 ? left - width - 14 : left + 14
    box.style.transform = `translate(${Math.max(0, Math.min(x, Math.max(0, room - width)))}px, 8px)`
  }

  return {
    hooks: {
      init: (u) => {
        box = document.createElement('div')
        box.className = 'tooltip'
        box.hidden = true
        u.over.append(box)
        u.over.addEventListener('mouseenter', () => (over = true))
        u.over.addEventListener('mouseleave', () => {
          over = false
          box.hidden = true
        })
      },
      setCursor: [update],
      setSeries: [
        (u, i) => {
          focused = i === null || i === undefined ? null : i - 1
          update(u)
        },
      ],
    },
  }
}
