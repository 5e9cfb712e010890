import { useEffect, useRef, useState } from 'preact/hooks'
import { place } from './layout'
import { columns, type Panel } from './model'
import { PanelView, type View } from './panel'

// Sizes in pixels.
const gap = 10
const rowHeight = 32
const minRowHeight = 14 // in full screen
const maxRow = 120 // in full screen, with the gap
const margins = 52 // above and below the grid, in full screen
const narrow = 720 // narrower grids have one column

// Grid lays out the panels. While editing, the user can drag and resize them. On a narrow
// screen they are below each other.
export function Grid(props: {
  panels: Panel[]
  view: View
  editing: boolean
  fullScreen: boolean // fit all rows on the screen if possible
  onPanels: (panels: Panel[]) => void
  onEdit: (panel: Panel) => void
  onDuplicate: (panel: Panel) => void
  onRemove: (panel: Panel) => void
}) {
  const { box, width, height } = useSize()
  const [draft, setDraft] = useState<Panel[] | null>(null) // while dragging
  const [dragged, setDragged] = useState(-1)
  const panels = draft ?? props.panels
  const isNarrow = width > 0 && width < narrow
  const editing = props.editing && !isNarrow
  const rows = panels.reduce((max, p) => Math.max(max, p.y + p.h), 0)
  const cell: Cell = {
    width: (width + gap) / columns,
    height:
      props.fullScreen && rows > 0
        ? Math.max(minRowHeight + gap, Math.min(maxRow, (height - margins) / rows))
        : rowHeight + gap,
  }
  const drag = (p: Panel, e: PointerEvent, resize: boolean) => {
    if (e.button !== 0 || isNarrow || (e.target as Element).closest('button, a, .popover')) return
    e.preventDefault()
    setDragged(p.id)
    followPointer(e, props.panels, p, cell, resize, setDraft, (next) => {
      setDragged(-1)
      setDraft(null)
      if (next !== props.panels) props.onPanels(next)
    })
  }
  const key = (p: Panel, e: KeyboardEvent) => {
    const next = e.target === e.currentTarget ? movedByKey(props.panels, p, e) : null
    if (!next) return
    e.preventDefault()
    props.onPanels(next)
  }
  // On a wide screen the order of elements must not change while a panel is dragged.
  const ordered = [...panels].sort(isNarrow ? (a, b) => a.y - b.y || a.x - b.x : (a, b) => a.id - b.id)
  return (
    <div
      class={`grid ${isNarrow ? 'narrow-grid' : ''} ${props.editing ? 'editing' : ''}`}
      ref={box}
      style={isNarrow ? undefined : { height: `${rows * cell.height}px` }}
    >
      {width > 0 &&
        ordered.map((p) => (
          <section
            key={p.id}
            class={`card panel ${dragged === p.id ? 'dragged' : ''}`}
            aria-label={p.options.title ?? p.targets[0]?.text}
            style={isNarrow ? narrowStyle(p, cell) : wideStyle(p, cell)}
          >
            <PanelView
              panel={p}
              view={props.view}
              editing={editing}
              onEdit={() => props.onEdit(p)}
              onDuplicate={() => props.onDuplicate(p)}
              onRemove={() => props.onRemove(p)}
              onDrag={(e) => drag(p, e, false)}
              onKey={(e) => key(p, e)}
            />
            {editing && <div class="corner" title="Drag to resize" onPointerDown={(e) => drag(p, e, true)} />}
          </section>
        ))}
    </div>
  )
}

// Cell is the size of a column and a row in pixels, with the gap.
interface Cell {
  width: number
  height: number
}

// useSize returns the width of the grid and the height of the window.
function useSize() {
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  const [height, setHeight] = useState(innerHeight)
  useEffect(() => {
    const watch = new ResizeObserver(() => setWidth(box.current?.clientWidth ?? 0))
    watch.observe(box.current!)
    const resized = () => setHeight(innerHeight)
    addEventListener('resize', resized)
    return () => {
      watch.disconnect()
      removeEventListener('resize', resized)
    }
  }, [])
  return { box, width, height }
}

// followPointer moves or resizes a panel until the user releases the pointer. onMove gets
// the panels after each move, onEnd those after the last one.
function followPointer(
  down: PointerEvent,
  panels: Panel[],
  p: Panel,
  cell: Cell,
  resize: boolean,
  onMove: (panels: Panel[]) => void,
  onEnd: (panels: Panel[]) => void,
): void {
  const start = { x: down.clientX, y: down.clientY + scrollY }
  let next = panels
  const move = (e: PointerEvent) => {
    const dx = Math.round((e.clientX - start.x) / cell.width)
    const dy = Math.round((e.clientY + scrollY - start.y) / cell.height)
    const box = resize ? { w: Math.min(p.w + dx, columns - p.x), h: p.h + dy } : { x: p.x + dx, y: p.y + dy }
    next = place(panels, p.id, box)
    onMove(next)
  }
  const end = () => {
    removeEventListener('pointermove', move)
    removeEventListener('pointerup', end)
    removeEventListener('pointercancel', end)
    onEnd(next)
  }
  addEventListener('pointermove', move)
  addEventListener('pointerup', end)
  addEventListener('pointercancel', end)
}

const directions: Record<string, [dx: number, dy: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

// movedByKey returns the panels after an arrow key has moved a panel or, with Shift,
// resized it. It returns null for other keys.
function movedByKey(panels: Panel[], p: Panel, e: KeyboardEvent): Panel[] | null {
  const direction = directions[e.key]
  if (!direction) return null
  const [dx, dy] = direction
  if (e.shiftKey) return place(panels, p.id, { w: p.w + dx, h: p.h + dy })
  // Move down past the panels below: with less, the panel would return to its place.
  const below = panels.filter((q) => q.id !== p.id && q.y === p.y + p.h && q.x < p.x + p.w && p.x < q.x + q.w)
  const down = dy > 0 ? Math.max(1, ...below.map((q) => q.h)) : dy
  return place(panels, p.id, { x: p.x + dx, y: p.y + down })
}

function narrowStyle(p: Panel, cell: Cell) {
  return { height: `${Math.max(240, Math.min(360, p.h * cell.height - gap))}px` }
}

function wideStyle(p: Panel, cell: Cell) {
  return {
    position: 'absolute' as const,
    left: `${p.x * cell.width}px`,
    top: `${p.y * cell.height}px`,
    width: `${p.w * cell.width - gap}px`,
    height: `${p.h * cell.height - gap}px`,
  }
}
