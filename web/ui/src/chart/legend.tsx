import { useMemo, useState } from 'preact/hooks'
import { short } from '../base/format'
import type { Series } from '../graph/load'
import { type Summary, summary } from './align'
import { colorOf } from './palette'

const firstRows = 40 // the other rows are shown on request

type ColumnName = keyof Summary | 'name'

const headings: [column: ColumnName, text: string][] = [
  ['name', 'Series'],
  ['last', 'Last'],
  ['min', 'Min'],
  ['max', 'Max'],
  ['avg', 'Avg'],
]

interface Order {
  column: ColumnName
  down: boolean
}

// Row is a series with its index in the chart.
interface Row {
  series: Series
  index: number
  summary: Summary
}

// Legend lists the series with a summary of their values. A click on a series hides or
// shows it. A click with Alt, Ctrl or Meta hides all others.
export function Legend(props: {
  series: Series[]
  options: Record<string, string>
  dark: boolean
  hidden: Set<string>
  onHidden: (hidden: Set<string>) => void
}) {
  const [all, setAll] = useState(false)
  const [order, setOrder] = useState<Order | null>(null)
  const rows = useMemo(
    () => props.series.map((series, index) => ({ series, index, summary: summary(series) })),
    [props.series],
  )
  const sorted = useMemo(() => (order ? sort(rows, order) : rows), [rows, order])
  const shown = all ? sorted : sorted.slice(0, firstRows)
  return (
    <div class="legend">
      <table>
        <thead>
          <tr>
            {headings.map(([column, text]) => (
              <Heading key={column} column={column} text={text} order={order} onOrder={setOrder} />
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map(({ series, index, summary }) => (
            <tr class={props.hidden.has(series.name) ? 'off' : ''} key={`${index} ${series.name}`}>
              <td>
                <button
                  type="button"
                  class="plain entry"
                  aria-pressed={!props.hidden.has(series.name)}
                  title="Click to hide or show, Alt+click to show only this series"
                  onClick={(e) => {
                    const toggled = e.altKey || e.ctrlKey || e.metaKey ? toggleOthers : toggle
                    props.onHidden(toggled(props.hidden, series.name, props.series))
                  }}
                >
                  <span class="swatch" style={{ background: colorOf(props, index) }} />
                  {series.name}
                </button>
              </td>
              <td class="number">{short(summary.last)}</td>
              <td class="number">{short(summary.min)}</td>
              <td class="number">{short(summary.max)}</td>
              <td class="number">{short(summary.avg)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < sorted.length && (
        <button type="button" class="quiet-button" onClick={() => setAll(true)}>
          {sorted.length - shown.length} more series
        </button>
      )}
    </div>
  )
}

// Heading is the heading of a column. Clicks sort the rows by this column, reverse them,
// and restore the original order.
function Heading(props: {
  column: ColumnName
  text: string
  order: Order | null
  onOrder: (order: Order | null) => void
}) {
  const { column, order } = props
  const current = order?.column === column ? order : null
  const firstDown = column !== 'name'
  const next = () => {
    if (!current) return { column, down: firstDown }
    return current.down === firstDown ? { column, down: !firstDown } : null
  }
  return (
    <th
      aria-sort={current ? (current.down ? 'descending' : 'ascending') : 'none'}
      class={column === 'name' ? '' : 'number'}
    >
      <button type="button" class="plain" onClick={() => props.onOrder(next())}>
        {props.text}
        {current && <span aria-hidden="true">{current.down ? ' ↓' : ' ↑'}</span>}
      </button>
    </th>
  )
}

function sort(rows: Row[], by: Order): Row[] {
  const value = (r: Row) => (by.column === 'name' ? r.series.name : (r.summary[by.column] ?? -Infinity))
  const sorted = [...rows].sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0))
  return by.down ? sorted.reverse() : sorted
}

// toggle hides a series, or shows it if it is hidden.
export function toggle(hidden: Set<string>, name: string): Set<string> {
  const next = new Set(hidden)
  if (!next.delete(name)) next.add(name)
  return next
}

// toggleOthers hides all series but one, or shows all if they are already hidden.
function toggleOthers(hidden: Set<string>, name: string, series: Series[]): Set<string> {
  const others = series.map((s) => s.name).filter((n) => n !== name)
  const isAlone = !hidden.has(name) && others.every((n) => hidden.has(n))
  return new Set(isAlone ? [] : others)
}
