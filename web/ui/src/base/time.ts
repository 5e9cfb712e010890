// Times as /render takes them.

export interface Range {
  from: string // as of /render; '' is the server's default, a day
  until: string // '' is now
}

export const ranges: { text: string; long: string; from: string }[] = [
  { text: '15m', long: '15 minutes', from: '-15min' },
  { text: '1h', long: 'hour', from: '-1h' },
  { text: '3h', long: '3 hours', from: '-3h' },
  { text: '12h', long: '12 hours', from: '-12h' },
  { text: '1d', long: 'day', from: '-1d' },
  { text: '1w', long: 'week', from: '-1w' },
  { text: '30d', long: '30 days', from: '-30d' },
  { text: '1y', long: 'year', from: '-1y' },
]

const units: [RegExp, number][] = [
  [/^s/, 1],
  [/^(min|m$)/, 60],
  [/^h/, 3600],
  [/^d/, 86400],
  [/^w/, 604800],
  [/^mon/, 2592000],
  [/^y/, 31536000],
]

// seconds resolves what is simple: unix times, now, and offsets from it. null is
// what only the server understands.
export function seconds(time: string, now: number, otherwise: number): number | null {
  const text = time.trim().toLowerCase()
  if (text === '') return otherwise
  if (text === 'now') return now
  if (/^\d{9,11}$/.test(text)) return Number(text)
  const m = /^(now)?([+-]?)(\d+)([a-z]+)$/.exec(text)
  if (!m) return null
  const unit = units.find(([word]) => word.test(m[4]!))
  if (!unit) return null
  return now + (m[2] === '+' ? 1 : -1) * Number(m[3]) * unit[1]
}

export function windowOf(range: Range, now = Date.now() / 1000): [number, number] | null {
  const from = seconds(range.from, now, now - 86400)
  const until = seconds(range.until, now, now)
  return from === null || until === null || from >= until ? null : [from, until]
}

export function isLive(range: Range): boolean {
  return range.until === '' || range.until === 'now'
}

// twice is a range that ends now and goes back twice as far, and so stays live; null
// is for ranges that do not end now, or whose length only the server knows.
export function twice(range: Range): Range | null {
  const m = /^-(\d+)([a-z]+)$/.exec(range.from.trim() || '-1d')
  return isLive(range) && m ? { from: `-${2 * Number(m[1])}${m[2]}`, until: range.until } : null
}

// absolute is the range that a zoom ends with.
export function absolute(from: number, until: number): Range {
  const a = Math.floor(from)
  return { from: String(a), until: String(Math.max(Math.ceil(until), a + 1)) }
}

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone || undefined })
  } catch {
    return new Intl.DateTimeFormat('en-GB', options)
  }
}

const cache = new Map<string, Intl.DateTimeFormat>()

// dateTime writes a moment in a zone; '' is the browser's.
export function dateTime(t: number, zone = ''): string {
  let f = cache.get(zone)
  if (!f) {
    f = format(zone, {
      year: 'numeric',
      month: 'short',
      day: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
    cache.set(zone, f)
  }
  return f.format(t * 1000).replace(/:00$/, '')
}

// describe is a range in words.
export function describe(range: Range, zone = ''): string {
  const preset = ranges.find((r) => r.from === range.from)
  if (isLive(range)) {
    if (preset) return `Last ${preset.long}`
    if (range.from === '') return 'Last day'
    const m = /^-(\d+)([a-z]+)$/.exec(range.from)
    if (m) return `Last ${m[1]} ${m[2]}`
  }
  const word = (time: string, otherwise: string) =>
    /^\d{9,11}$/.test(time) ? dateTime(Number(time), zone) : time || otherwise
  return `${word(range.from, '-1d')} – ${word(range.until, 'now')}`
}

export function ago(t: number, now = Date.now() / 1000): string {
  const s = Math.max(0, now - t)
  if (s < 60) return 'just now'
  if (s < 3600) return `${Math.floor(s / 60)} min ago`
  if (s < 86400) return `${Math.floor(s / 3600)} h ago`
  return `${Math.floor(s / 86400)} d ago`
}

export const zones: string[] = (() => {
  try {
    return ['UTC', ...Intl.supportedValuesOf('timeZone')]
  } catch {
    return ['UTC']
  }
})()
