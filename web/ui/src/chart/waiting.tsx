import { useEffect, useState } from 'preact/hooks'

// Waiting stands in a chart while its data are on their way, once that takes longer
// than a moment, and says for how long.
export function Waiting() {
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
