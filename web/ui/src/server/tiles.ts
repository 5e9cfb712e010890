import { bytes, count, short } from '../base/format'

// Tile is a number on the server page.
export interface Tile {
  title: string
  value: string
  about: string
}

// parseMetrics reads the metrics without labels of Prometheus' text format.
export function parseMetrics(text: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const line of text.split('\n')) {
    const m = /^(\w+) (\S+)$/.exec(line)
    if (m) found.set(m[1]!, Number(m[2]))
  }
  return found
}

// tiles returns the tiles that show the server's metrics.
export function tiles(metrics: Map<string, number>): Tile[] {
  const value = (name: string) => metrics.get(`carbon_${name}`)
  const size = (name: string) => bytes(value(name) ?? 0)
  const known = value('metrics')
  const segments = value('wal_segments')
  const all = [
    { title: 'Metrics', value: known === undefined ? '–' : count(known), about: 'in the index' },
    { title: 'Points received', value: short(value('metrics_received_total')), about: 'since the server started' },
    {
      title: 'Pending points',
      value: short(value('cache_size')),
      about: `oldest: ${Math.round(value('cache_oldest_seconds') ?? 0)} s`,
    },
    {
      title: 'Write-ahead log',
      value: size('wal_size_bytes'),
      about: segments === 1 ? '1 segment' : `${short(segments)} segments`,
    },
  ]
  if (value('disk_size_bytes'))
    all.push({ title: 'Disk', value: size('disk_free_bytes'), about: `free of ${size('disk_size_bytes')}` })
  all.push(
    { title: 'Memory', value: size('mem_usage_bytes'), about: 'used by the server' },
    { title: 'Connections', value: short(value('active_connections')), about: 'from senders' },
  )
  return all
}
