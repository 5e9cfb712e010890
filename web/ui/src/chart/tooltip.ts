import type uPlot from 'uplot'
import { short } from '../base/format'
import { dateTime } from '../base/time'
import { isTrue } from '../graph/options'
import { align, type Column, nearest } from './align'
import { colorOf } from './palette'
import type { Plot } from './plot'

const maxRows = 12 // series in the tooltip; those nearest to the cursor are shown
const reach = 14 // maximum distance in pixels between the cursor and a value
const eventReach = 6 // maximum distance in pixels between the cursor and an event

// Value is a series at the cursor.
interface Value {
  name: string
  index: number // of the series
  value: number
}

// tooltip shows the time at the cursor, the values at that time, and nearby events.
export function tooltip(current: () => Plot): uPlot.Plugin {
  let box: HTMLDivElement
  let over = false
  let focused: number | null = null
  let series: Plot['series'] | null = null // whose values columns holds
  let columns: Column[] = []

  const update = (u: uPlot) => {
    const p = current()
    const { left, idx } = u.cursor
    if (!over || idx === null || idx === undefined || left === undefined || left < 0 || !p.series.length) {
      box.hidden = true
      return
    }
    if (series !== p.series) {
      series = p.series
      columns = align(p.series, isTrue(p.options.drawNullAsZero)).columns
    }
    const all = valuesAt(u, p, columns, idx)
    const shown = closest(u, p, all, idx)
    const rows: Node[] = [line(span('when', dateTime(u.data[0][idx]!, p.zone)))]
    for (const v of shown) rows.push(valueRow(p, v, v.index === focused))
    if (all.length > shown.length) rows.push(line(span('quiet', `${all.length - shown.length} more`)))
    box.replaceChildren(...rows, ...eventRows(u, p, left))
    box.hidden = false
    move(box, u.over.clientWidth, left)
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

// valuesAt returns the visible series that have a value at a time index.
function valuesAt(u: uPlot, p: Plot, columns: Column[], index: number): Value[] {
  const close = reach * Math.abs(u.posToVal(1, 'x') - u.posToVal(0, 'x'))
  const values: Value[] = []
  p.series.forEach((s, i) => {
    if (p.hidden.has(s.name)) return
    const value = valueAt(columns[i] ?? [], index, u.data[0], close)
    if (value !== null) values.push({ name: s.name, index: i, value })
  })
  return values
}

// valueAt returns the value of a column at a time index: the last one before it that its
// line reaches from, or else the nearest within close seconds.
function valueAt(column: Column, index: number, times: ArrayLike<number>, close: number): number | null {
  if (!column.length) return null
  for (let i = index; i >= Math.max(0, index - 60); i--) {
    const v = column[i]
    if (v === null) break
    if (v !== undefined) return v
  }
  return nearest(column, index, times, close)
}

// closest returns at most maxRows values, those whose lines are closest to the cursor, in
// descending order.
function closest(u: uPlot, p: Plot, values: Value[], index: number): Value[] {
  const { top } = u.cursor
  let shown = [...values]
  if (values.length > maxRows && top !== undefined) {
    const distance = (v: Value) => {
      const drawn = u.data[v.index + 1]?.[index]
      if (typeof drawn !== 'number') return Infinity
      return Math.abs(u.valToPos(drawn, p.series[v.index]!.style.second ? 'right' : 'y') - top)
    }
    shown = shown.sort((a, b) => distance(a) - distance(b)).slice(0, maxRows)
  }
  return shown.sort((a, b) => b.value - a.value)
}

function valueRow(p: Plot, v: Value, isFocused: boolean): HTMLElement {
  const swatch = span('swatch', '')
  swatch.style.background = colorOf(p, v.index)
  const row = line(swatch, span('name', v.name), span('value', short(v.value)))
  if (isFocused) row.className = 'focused'
  return row
}

function eventRows(u: uPlot, p: Plot, left: number): Node[] {
  return p.events
    .filter((e) => Math.abs(u.valToPos(e.when, 'x') - left) < eventReach)
    .slice(0, 3)
    .map((e) => line(span('event', `▼ ${e.what}`), span('quiet', e.tags.join(' '))))
}

// move places the box right of the cursor, or left of it if there is no room.
function move(box: HTMLElement, room: number, left: number): void {
  const width = box.offsetWidth
  const x = left + 14 + width > room && left > width + 14 ? left - width - 14 : left + 14
  box.style.transform = `translate(${Math.max(0, Math.min(x, Math.max(0, room - width)))}px, 8px)`
}

function line(...parts: (Node | string)[]): HTMLElement {
  const div = document.createElement('div')
  div.append(...parts)
  return div
}

function span(name: string, text: string): HTMLElement {
  const s = document.createElement('span')
  s.className = name
  s.textContent = text
  return s
}
