import { useEffect, useState } from 'preact/hooks'
import { Chart } from './chart'
import type { Plot } from './plot'

// ChartArea is a chart, with a message over it while its data load and when there are no
// data. height is in pixels; 0 uses all of the available height. box is a ref to the
// element whose width the chart takes.
export function ChartArea(props: {
  box: { current: HTMLDivElement | null }
  plot: Plot
  height: number
  label: string
  loading: boolean
  empty: string // message without data; empty: no message
}) {
  const noData = !props.loading && !props.plot.series.length && props.empty !== ''
  return (
    <div ref={props.box} class="chart-room">
      <Chart plot={props.plot} height={props.height} label={props.label} />
      {props.loading && <Loading />}
      {noData && (
        <div class="no-data">
          <p>{props.empty}</p>
        </div>
      )}
    </div>
  )
}

// Loading appears when loading takes longer than half a second. From two seconds on it
// shows the time that has passed.
function Loading() {
  const [seconds, setSeconds] = useState(0)
  useEffect(() => {
    const began = performance.now()
    const timer = setInterval(() => setSeconds((performance.now() - began) / 1000), 500)
    return () => clearInterval(timer)
  }, [])
  if (seconds === 0) return null
  return (
    <div class="waiting">
      <p>
        <span role="status">Loading…</span> {seconds >= 2 && `${Math.floor(seconds)} s`}
      </p>
      <span class="waiting-bar" aria-hidden="true" />
    </div>
  )
}
