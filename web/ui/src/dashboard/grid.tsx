import { useEffect, useRef, useState } from 'preact/hooks'
import { place } from './layout'
import { columns, type Panel } from './model'
import { PanelView, type Shown } from './panel'

const usual = 32 // height of a row, in pixels
const least = 14 // where all is to fit on a screen
const gap = 10

// Grid lays panels out, and lets them be dragged and resized while they are edited.
// On a narrow screen they stand one below the other.
export function Grid(props: {
  panels: Panel[]
  shown: Shown
  editing: boolean
  fits: boolean // all of it on one screen, if that can be
  onPanels: (panels: Panel[]) => void
  onEdit: (panel: Panel) => void
  onDuplicate: (panel: Panel) => void
  onRemove: (panel: Panel) => void
}) {
  const ref = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  const [room, setRoom] = useState(innerHeight)
  const [draft, setDraft] = useState<Panel[] | null>(null)
  const [held, setHeld] = useState(-1)
  useEffect(() => {
    const watch = new ResizeObserver(() => setWidth(ref.current?.clientWidth ?? 0))
    watch.observe(ref.current!)
    const turned = () => setRoom(innerHeight)
    addEventListener('resize', turned)
    return () => {
      watch.disconnect()
      removeEventListener('resize', turned)
    }
  }, [])
  const panels = draft ?? props.panels
  const narrow = width > 0 && width < 720
  const column = (width + gap) / columns
  const rows = panels.reduce((max, p) => Math.max(max, p.y + p.h), 0)
  const row = props.fits && rows > 0 ? Math.max(least + gap, Math.min(120, (room - 52) / rows)) : usual + gap

  const drag = (p: Panel, e: PointerEvent, resize: boolean) => {
    if (e.button !== 0 || narrow || (e.target as Element).closest('button, a, .popover')) return
    e.preventDefault()
    const from = { x: e.clientX, y: e.clientY + scrollY }
    let next: Panel[] = props.panels
    setHeld(p.id)
    const move = (m: PointerEvent) => {
      const dx = Math.round((m.clientX - from.x) / column)
      const dy = Math.round((m.clientY + scrollY - from.y) / row)
      next = place(
        props.panels,
        p.id,
        resize ? { w: Math.min(p.w + dx, columns - p.x), h: p.h + dy } : { x: p.x + dx, y: p.y + dy },
      )
      setDraft(next)
    }
    const up = () => {
      removeEventListener('pointermove', move)
      removeEventListener('pointerup', up)
      removeEventListener('pointercancel', up)
      setHeld(-1)
      setDraft(null)
      if (next !== props.panels) props.onPanels(next)
    }
    addEventListener('pointermove', move)
    addEventListener('pointerup', up)
    addEventListener('pointercancel', up)
  }
  const key = (p: Panel, e: KeyboardEvent) => {
    if (e.target !== e.currentTarget) return
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key] ?? [0, 0]
    if (!dx && !dy) return
    e.preventDefault()
    // Down: beyond what is below, which else would take its place again.
    const down =
      dy > 0 && !e.shiftKey
        ? Math.max(
            1,
            ...props.panels
              .filter((q) => q.id !== p.id && q.y === p.y + p.h && q.x < p.x + p.w && p.x < q.x + q.w)
              .map((q) => q.h),
          )
        : dy
    props.onPanels(
      place(props.panels, p.id, e.shiftKey ? { w: p.w + dx, h: p.h + dy } : { x: p.x + dx, y: p.y + down }),
    )
  }
  const height = rows * row
  const ordered = [...panels].sort((a, b) => a.id - b.id)
  return (
    <div
      class={`grid ${narrow ? 'narrow-grid' : ''} ${props.editing ? 'editing' : ''}`}
      ref={ref}
      style={narrow ? undefined : { height: `${height}px` }}
    >
      {width > 0 &&
        (narrow ? [...panels].sort((a, b) => a.y - b.y || a.x - b.x) : ordered).map((p) => (
          <section
            key={p.id}
            class={`card panel ${held === p.id ? 'held' : ''}`}
            aria-label={p.options.title ?? p.targets[0]?.text}
            style={
              narrow
                ? { height: `${Math.max(240, Math.min(360, p.h * row - gap))}px` }
                : {
                    position: 'absolute',
                    left: `${p.x * column}px`,
                    top: `${p.y * row}px`,
                    width: `${p.w * column - gap}px`,
                    height: `${p.h * row - gap}px`,
                  }
            }
          >
            <PanelView
              panel={p}
              shown={props.shown}
              editing={props.editing && !narrow}
              onEdit={() => props.onEdit(p)}
              onDuplicate={() => props.onDuplicate(p)}
              onRemove={() => props.onRemove(p)}
              onGrab={(e) => drag(p, e, false)}
              onKey={(e) => key(p, e)}
            />
            {props.editing && !narrow && (
              <div class="corner" title="Drag to resize" onPointerDown={(e) => drag(p, e, true)} />
            )}
          </section>
        ))}
    </div>
  )
}
