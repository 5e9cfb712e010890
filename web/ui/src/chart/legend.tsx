import { useMemo, useState } from 'preact/hooks'
import { short } from '../base/format'
import type { Series } from '../graph/load'
import { type Summary, summary } from './align'
import { colorOf } from './palette'

const first = 40 // rows, before the reader asks for more

type Column = keyof Summary | 'name'

// Legend lists the series with what their values come to. A click hides a series or
// shows it, a click with a key held shows it alone.
export function Legend(props: {
  series: Series[]
  options: Record<string, string>
  dark: boolean
  hidden: Set<string>
  onHidden: (hidden: Set<string>) => void
}) {
  const [all, setAll] = useState(false)
  const [by, setBy] = useState<{ column: Column; down: boolean } | null>(null)
  const rows = useMemo(() => props.series.map((s, i) => ({ s, i, sum: summary(s) })), [props.series])
  const sorted = useMemo(() => {
    if (!by) return rows
    const value = (r: (typeof rows)[number]) => (by.column === 'name' ? r.s.name : (r.sum[by.column] ?? -Infinity))
    const order = [...rows].sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0))
    return by.down ? order.reverse() : order
  }, [rows, by])
  const shown = all ? sorted : sorted.slice(0, first)

  const toggle = (name: string, alone: boolean) => {
    const others = props.series.map((s) => s.name).filter((n) => n !== name)
    let hidden = new Set(props.hidden)
    if (alone) {
      const isAlone = !hidden.has(name) && others.every((n) => hidden.has(n))
      hidden = new Set(isAlone ? [] : others)
    } else if (!hidden.delete(name)) hidden.add(name)
    props.onHidden(hidden)
  }

  const heading = (column: Column, text: string) => (
    <th
      aria-sort={by?.column === column ? (by.down ? 'descending' : 'ascending') : 'none'}
      class={column === 'name' ? '' : 'number'}
    >
      <button
        type="button"
        class="plain"
        onClick={() =>
          setBy(
            by?.column !== column
              ? { column, down: column !== 'name' }
              : by.down === (column !== 'name')
                ? { column, down: !by.down }
                : null,
          )
        }
      >
        {text}
        {by?.column === column && <span aria-hidden="true">{by.down ? ' ↓' : ' ↑'}</span>}
      </button>
    </th>
  )

  return (
    <div class="legend">
      <table>
        <thead>
          <tr>
            {heading('name', 'Series')}
            {heading('last', 'Last')}
            {heading('min', 'Min')}
            {heading('max', 'Max')}
            {heading('avg', 'Avg')}
          </tr>
        </thead>
        <tbody>
          {shown.map(({ s, i, sum }) => (
            <tr class={props.hidden.has(s.name) ? 'off' : ''} key={`${i} ${s.name}`}>
              <td>
                <button
                  type="button"
                  class="plain entry"
                  aria-pressed={!props.hidden.has(s.name)}
                  title="Click hides or shows, Alt+click shows alone"
                  onClick={(e) => toggle(s.name, e.altKey || e.ctrlKey || e.metaKey)}
                >
                  <span class="swatch" style={{ background: colorOf(props, i) }} />
                  {s.name}
                </button>
              </td>
              <td class="number">{short(sum.last)}</td>
              <td class="number">{short(sum.min)}</td>
              <td class="number">{short(sum.max)}</td>
              <td class="number">{short(sum.avg)}</td>
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
