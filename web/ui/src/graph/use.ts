import { useEffect, useRef, useState } from 'preact/hooks'
import { aborted } from '../base/api'
import { isLive, windowOf } from '../base/time'
import { type Happening, happenings } from '../chart/events'
import { type Loaded, load, maxLines } from './load'
import { type Graph, live, renderParams } from './state'

export interface Data extends Loaded {
  loading: boolean
  window: [number, number] | null
  events: Happening[]
  more: number // series that are not drawn
}

const nothing: Data = { series: [], problems: new Map(), failure: '', loading: true, window: null, events: [], more: 0 }

// useGraph loads what a graph shows, and again every so many seconds (0: never)
// while it is live and the page is looked at. What is there stays until the next is.
export function useGraph(graph: Graph, every: number, points: number, eventTags: string | null, round = 0): Data {
  const [data, setData] = useState<Data>(nothing)
  const asked = JSON.stringify([renderParams(graph), graph.targets, points, eventTags, round])
  const latest = useRef(graph)
  latest.current = graph

  useEffect(() => {
    let timer = 0
    let stop = new AbortController()
    let first = true
    const run = async () => {
      stop.abort()
      stop = new AbortController()
      const { signal } = stop
      const g = latest.current
      const again = !first
      if (first) setData((d) => ({ ...d, loading: true }))
      first = false
      try {
        const shown = windowOf(g.range)
        const [loaded, events] = await Promise.all([
          load(g, points, signal),
          eventTags === null
            ? []
            : happenings(g.range.from || '-1d', isLive(g.range) ? '' : g.range.until, eventTags, signal).catch(
                () => [],
              ),
        ])
        if (signal.aborted) return
        // What was there stays in sight while a server restarts.
        if (again && loaded.failure) setData((d) => ({ ...d, failure: loaded.failure, loading: false }))
        else
          setData({
            ...loaded,
            series: loaded.series.slice(0, maxLines),
            more: Math.max(0, loaded.series.length - maxLines),
            loading: false,
            window: shown,
            events,
          })
      } catch (e) {
        if (!aborted(e)) setData((d) => ({ ...d, loading: false, failure: String(e) }))
      }
      if (!signal.aborted) timer = window.setTimeout(tick, every * 1000)
    }
    const tick = () => {
      if (every > 0 && live(latest.current) && !document.hidden) void run()
      else if (every > 0) timer = window.setTimeout(tick, every * 1000)
    }
    const seen = () => {
      if (!document.hidden && every > 0 && live(latest.current)) {
        clearTimeout(timer)
        void run()
      }
    }
    document.addEventListener('visibilitychange', seen)
    const wait = window.setTimeout(() => void run(), 30)
    return () => {
      clearTimeout(wait)
      clearTimeout(timer)
      stop.abort()
      document.removeEventListener('visibilitychange', seen)
    }
  }, [asked, every])
  return data
}
