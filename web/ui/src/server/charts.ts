export interface ChartSpec {
  title: string
  about: string
  metrics: [metric: string, name: string][] // self metrics, and the names shown for them
  options?: Record<string, string> // of the graph
}

const area = { areaMode: 'all' }

// charts are the charts of the server page. They draw the server's self metrics.
export const charts: ChartSpec[] = [
  {
    title: 'Points',
    about: 'received and stored, per interval',
    metrics: [
      ['metricsReceived', 'received'],
      ['committedPoints', 'stored'],
    ],
  },
  {
    title: 'Pending points',
    about: 'accepted and not stored yet',
    metrics: [['cache.size', 'points']],
    options: area,
  },
  {
    title: 'Writer',
    about: 'updates of files, and points per update',
    metrics: [
      ['updateOperations', 'updates'],
      ['pointsPerUpdate', 'points per update'],
    ],
  },
  { title: 'Write-ahead log', about: 'bytes on disk', metrics: [['wal.size', 'bytes']], options: area },
  { title: 'New metrics', about: 'files created', metrics: [['creates', 'created']] },
  {
    title: 'Errors',
    about: 'should stay at zero',
    metrics: [
      ['errors', 'errors'],
      ['discarded', 'late points dropped'],
      ['outOfRange', 'points older than the retention'],
      ['wal.writeErrors', 'log write errors'],
    ],
  },
  { title: 'CPU', about: 'percent of one core', metrics: [['cpuUsage', 'used']], options: area },
  { title: 'Disk', about: 'free bytes in the storage directory', metrics: [['disk.free', 'free']], options: area },
  { title: 'Oldest pending point', about: 'age in seconds', metrics: [['cache.oldest', 'seconds']] },
  { title: 'Memory', about: 'bytes', metrics: [['memUsage', 'used']], options: area },
]
