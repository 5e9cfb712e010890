import type uPlot from 'uplot'

const minWidth = 16 // pixels; shorter drags are taps

// touch zooms to the range over which the user drags a finger. Vertical drags scroll the
// page.
export function touch(onRange: (from: number, until: number) => void): uPlot.Plugin {
  return {
    hooks: {
      ready: (u) => {
        u.over.addEventListener('pointerdown', (down) => {
          if (down.pointerType !== 'touch' || !down.isPrimary) return
          const position = (e: PointerEvent) =>
            Math.min(Math.max(e.clientX - u.over.getBoundingClientRect().left, 0), u.over.clientWidth)
          const start = position(down)
          const span = (e: PointerEvent): [left: number, width: number] => [
            Math.min(start, position(e)),
            Math.abs(position(e) - start),
          ]
          const move = (e: PointerEvent) => {
            if (e.pointerId !== down.pointerId) return
            const [left, width] = span(e)
            u.setSelect({ left, top: 0, width: width < minWidth ? 0 : width, height: u.over.clientHeight }, false)
          }
          const end = (e: PointerEvent) => {
            if (e.pointerId !== down.pointerId) return
            removeEventListener('pointermove', move)
            removeEventListener('pointerup', end)
            removeEventListener('pointercancel', end)
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
            const [left, width] = span(e)
            if (e.type === 'pointerup' && width >= minWidth)
              onRange(u.posToVal(left, 'x'), u.posToVal(left + width, 'x'))
          }
          addEventListener('pointermove', move)
          addEventListener('pointerup', end)
          addEventListener('pointercancel', end)
        })
      },
    },
  }
}
