import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

// Rows shows those of many rows, all of one height, that are in sight.
export function Rows(props: {
  count: number
  height: number
  render: (i: number) => ComponentChildren
  role?: 'tree' | 'list'
  label: string
  onKeyDown?: (e: KeyboardEvent) => void
  scrollTo?: number // a row to be brought in sight
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
    const at = props.scrollTo * props.height
    if (at < box.scrollTop) box.scrollTop = at
    else if (at + props.height > box.scrollTop + box.clientHeight) box.scrollTop = at + props.height - box.clientHeight
  }, [props.scrollTo])
  const first = Math.max(0, Math.floor(top / props.height) - 8)
  const last = Math.min(props.count, Math.ceil((top + room) / props.height) + 8)
  const shown = []
  for (let i = first; i < last; i++) shown.push(props.render(i))
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
      <div role="presentation" style={{ height: `${props.count * props.height}px`, position: 'relative' }}>
        <div role="presentation" style={{ transform: `translateY(${first * props.height}px)` }}>
          {shown}
        </div>
      </div>
    </div>
  )
}

export const rowHeight = matchMedia('(pointer: coarse)').matches ? 40 : 26
