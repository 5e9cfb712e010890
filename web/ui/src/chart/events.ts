import { getJSON } from '../base/api'

export interface Happening {
  id: number
  when: number // unix seconds
  what: string
  data: string
  tags: string[]
}

export function happenings(from: string, until: string, tags: string, signal?: AbortSignal): Promise<Happening[]> {
  const params: [string, string][] = []
  if (from) params.push(['from', from])
  if (until) params.push(['until', until])
  if (tags) params.push(['tags', tags], ['set', 'union'])
  return getJSON<Happening[]>('/events/get_data', params, signal)
}
