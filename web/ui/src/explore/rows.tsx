import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Icon, type IconName } from '../base/icon'

export const rowHeight = matchMedia('(pointer: coarse)').matches ? 40 : 26

const extraRows = 8 // rendered above and below the visible ones

// Rows renders only the visible rows of a long list. All rows have the same height.
export function Rows(props: {
  count: number
  render: (i: number) => ComponentChildren
  role?: 'tree' | 'list'
  label: string
  onKeyDown?: (e: KeyboardEvent) => void
  scrollTo?: number // index of a row to scroll to
}) {
  const ref = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(0)
  const [room, setRoom] = useState(600)
  useEffect(() => {
    const box = ref.current!
    const watch = new ResizeObserver(() => setRoom(box.clientHeight))
    watch.observe(box)
    return () => watch.disconnect()
  }, [])
  useEffect(() => {
    const box = ref.current
    if (!box || props.scrollTo === undefined || props.scrollTo < 0) return
    const at = props.scrollTo * rowHeight
    if (at < box.scrollTop) box.scrollTop = at
    else if (at + rowHeight > box.scrollTop + box.clientHeight) box.scrollTop = at + rowHeight - box.clientHeight
  }, [props.scrollTo])
  const first = Math.max(0, Math.floor(top / rowHeight) - extraRows)
  const end = Math.min(props.count, Math.ceil((top + room) / rowHeight) + extraRows)
  const shown = []
  for (let i = first; i < end; i++) shown.push(props.render(i))
  return (
    <div
      class="rows"
      ref={ref}
      onScroll={(e) => setTop(e.currentTarget.scrollTop)}
      onKeyDown={props.onKeyDown}
      role={props.role}
      aria-label={props.label}
      tabIndex={-1}
    >
      <div role="presentation" style={{ height: `${props.count * rowHeight}px`, position: 'relative' }}>
        <div role="presentation" style={{ transform: `translateY(${first * rowHeight}px)` }}>
          {shown}
        </div>
      </div>
    </div>
  )
}

// Row is a row of a list with a button. chosen marks a metric as drawn or not drawn; it
// is undefined for rows that are no metrics.
export function Row(props: {
  icon: IconName
  class?: string
  title?: string
  chosen?: boolean
  onClick: () => void
  children: ComponentChildren
}) {
  const height = { height: `${rowHeight}px` }
  return (
    <div role="listitem" style={height}>
      <button
        type="button"
        class={`row plain ${props.class ?? ''} ${props.chosen ? 'chosen' : ''}`}
        aria-pressed={props.chosen}
        style={height}
        title={props.title}
        onClick={props.onClick}
      >
        <Icon name={props.icon} />
        {props.children}
      </button>
    </div>
  )
}
