import { columns, type Panel } from './model'

type Box = Pick<Panel, 'x' | 'y' | 'w' | 'h'>

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}

// compact lets all panels rise as far as they can, in their order, the one that is
// held first of those of its height.
export function compact(panels: Panel[], held = -1): Panel[] {
  const order = [...panels].sort((a, b) => a.y - b.y || Number(b.id === held) - Number(a.id === held) || a.x - b.x)
  const done: Panel[] = []
  for (const p of order) {
    const q = { ...p, x: Math.max(0, Math.min(p.x, columns - p.w)) }
    q.y = 0
    for (let hit = done.find((d) => overlap(d, q)); hit; hit = done.find((d) => overlap(d, q))) q.y = hit.y + hit.h
    // No higher than where it was, unless nothing is in between.
    done.push(q)
  }
  return panels.map((p) => done.find((d) => d.id === p.id)!)
}

// place puts a panel somewhere, and the others out of its way.
export function place(panels: Panel[], id: number, box: Partial<Box>): Panel[] {
  return compact(
    panels.map((p) => {
      if (p.id !== id) return p
      const w = Math.max(3, Math.min(columns, box.w ?? p.w))
      return {
        ...p,
        w,
        h: Math.max(3, box.h ?? p.h),
        x: Math.max(0, Math.min(box.x ?? p.x, columns - w)),
        y: Math.max(0, box.y ?? p.y),
      }
    }),
    id,
  )
}
