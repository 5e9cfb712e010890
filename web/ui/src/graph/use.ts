import { useEffect, useRef, useState } from 'preact/hooks'
import { aborted } from '../base/api'
import { isLive, windowOf } from '../base/time'
import { type EventRecord, loadEvents } from '../chart/events'
import { type Loaded, load, maxLines } from './load'
import { type Graph, renderParams } from './state'

export interface Data extends Loaded {
  loading: boolean
  window: [number, number] | null // unix seconds
  events: EventRecord[]
  more: number // number of series that are not drawn
}

const empty: Data = { series: [], problems: new Map(), failure: '', loading: true, window: null, events: [], more: 0 }

// useGraph loads the data of a graph. While the graph's range ends now and the page is
// visible, it loads them again every refresh seconds (0: never). points is the maximum
// number of points of a series. eventTags are the tags of events to load; '' loads all
// events, null none. Old data stay until new data arrive.
export function useGraph(graph: Graph, refresh: number, points: number, eventTags: string | null): Data {
  const [data, setData] = useState<Data>(empty)
  const request = JSON.stringify([renderParams(graph), graph.targets, points, eventTags])
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
      const isRefresh = !first
      if (first) setData((d) => ({ ...d, loading: true }))
      first = false
      try {
        const shown = windowOf(g.range)
        const [loaded, events] = await Promise.all([
          load(g, points, signal),
          eventTags === null
            ? []
            : loadEvents(g.range.from || '-1d', isLive(g.range) ? '' : g.range.until, eventTags, signal).catch(
                () => [],
              ),
        ])
        if (signal.aborted) return
        // The old data stay visible while the server restarts.
        if (isRefresh && loaded.failure) setData((d) => ({ ...d, failure: loaded.failure, loading: false }))
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
      if (!signal.aborted) timer = window.setTimeout(tick, refresh * 1000)
    }
    const tick = () => {
      if (refresh > 0 && isLive(latest.current.range) && !document.hidden) void run()
      else if (refresh > 0) timer = window.setTimeout(tick, refresh * 1000)
    }
    const visible = () => {
      if (!document.hidden && refresh > 0 && isLive(latest.current.range)) {
        clearTimeout(timer)
        void run()
      }
    }
    document.addEventListener('visibilitychange', visible)
    const wait = window.setTimeout(() => void run(), 30)
    return () => {
      clearTimeout(wait)
      clearTimeout(timer)
      stop.abort()
      document.removeEventListener('visibilitychange', visible)
    }
  }, [request, refresh])
  return data
}
