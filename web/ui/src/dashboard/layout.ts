import { columns, type Panel } from './model'

const minSize = 3 // columns or rows

type Box = Pick<Panel, 'x' | 'y' | 'w' | 'h'>

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}

// compact moves all panels up as far as possible, in order of their rows. The moved panel
// goes before others in its row.
function compact(panels: Panel[], moved: number): Panel[] {
  const order = [...panels].sort((a, b) => a.y - b.y || Number(b.id === moved) - Number(a.id === moved) || a.x - b.x)
  const done: Panel[] = []
  for (const p of order) {
    const q = { ...p, x: Math.max(0, Math.min(p.x, columns - p.w)) }
    q.y = 0
    for (let hit = done.find((d) => overlap(d, q)); hit; hit = done.find((d) => overlap(d, q))) q.y = hit.y + hit.h
    done.push(q)
  }
  return panels.map((p) => done.find((d) => d.id === p.id)!)
}

// place moves or resizes a panel, and moves the others out of its way.
export function place(panels: Panel[], id: number, box: Partial<Box>): Panel[] {
  return compact(
    panels.map((p) => {
      if (p.id !== id) return p
      const w = Math.max(minSize, Math.min(columns, box.w ?? p.w))
      return {
        ...p,
        w,
        h: Math.max(minSize, box.h ?? p.h),
        x: Math.max(0, Math.min(box.x ?? p.x, columns - w)),
        y: Math.max(0, box.y ?? p.y),
      }
    }),
    id,
  )
}
