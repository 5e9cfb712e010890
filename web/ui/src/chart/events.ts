import { getJSON } from '../base/api'

// EventRecord is an event of the events API.
export interface EventRecord {
  id: number
  when: number // unix seconds
  what: string
  data: string
  tags: string[]
}

// loadEvents returns the events of a time range that have at least one of the tags, or
// all events if tags is empty.
export function loadEvents(from: string, until: string, tags: string, signal?: AbortSignal): Promise<EventRecord[]> {
  const params: [string, string][] = []
  if (from) params.push(['from', from])
  if (until) params.push(['until', until])
  if (tags) params.push(['tags', tags], ['set', 'union'])
  return getJSON<EventRecord[]>('/events/get_data', params, signal)
}
