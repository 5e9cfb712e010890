import type uPlot from 'uplot'

// pan moves the time range when the user drags with Shift held.
export function pan(onRange: (from: number, until: number) => void): uPlot.Plugin {
  return {
    hooks: {
      ready: (u) => {
        u.over.addEventListener(
          'mousedown',
          (down) => {
            if (!down.shiftKey || down.button !== 0) return
            down.preventDefault()
            down.stopImmediatePropagation()
            const { min, max } = u.scales.x!
            if (min === undefined || max === undefined || min === null || max === null) return
            const perPixel = (max - min) / u.over.clientWidth
            let shift = 0
            const move = (e: MouseEvent) => {
              shift = (down.clientX - e.clientX) * perPixel
              u.over.style.cursor = 'grabbing'
            }
            const up = () => {
              removeEventListener('mousemove', move)
              removeEventListener('mouseup', up)
              u.over.style.cursor = ''
              if (shift !== 0) onRange(min + shift, max + shift)
            }
            addEventListener('mousemove', move)
            addEventListener('mouseup', up)
          },
          true,
        )
      },
    },
  }
}
