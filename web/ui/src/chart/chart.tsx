import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import type uPlot from 'uplot'
import { draw } from './draw'
import { data, type Plot, shape } from './plot'

// Chart draws a plot as wide as its parent. height is in pixels; 0 uses all of the
// parent's height.
export function Chart(props: { plot: Plot; height: number; label: string }) {
  const box = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot | null>(null)
  const latest = useRef(props.plot)
  latest.current = props.plot
  const key = shape(props.plot)

  const size = () => {
    const b = box.current!
    return { width: Math.max(120, b.clientWidth), height: props.height || Math.max(60, b.clientHeight) }
  }

  useLayoutEffect(() => {
    const { width, height } = size()
    chart.current = draw(latest.current, () => latest.current, width, height, box.current!)
    return () => {
      chart.current?.destroy()
      chart.current = null
    }
  }, [key])

  useLayoutEffect(() => {
    const u = chart.current
    if (u) u.setData(data(props.plot))
  }, [props.plot.series, props.plot.window?.[0], props.plot.window?.[1], props.plot.events])

  useEffect(() => {
    const watch = new ResizeObserver(() => {
      const { width, height } = size()
      const u = chart.current
      if (u && (u.width !== width || u.height !== height)) u.setSize({ width, height })
    })
    watch.observe(box.current!)
    return () => watch.disconnect()
  }, [props.height])

  return (
    <div
      class="chart"
      ref={box}
      role="img"
      aria-label={props.label}
      style={props.height ? { height: `${props.height}px` } : undefined}
    />
  )
}
