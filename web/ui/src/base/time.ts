// Time ranges, in the syntax of /render.

export interface Range {
  from: string // '' is /render's default, defaultFrom
  until: string // '' is now
}

// defaultFrom is where /render begins without a from parameter.
const defaultFrom = '-1d'

export const lastHour: Range = { from: '-1h', until: '' }

// rangeOf reads a range from the parameters of a page. from is the page's default.
export function rangeOf(params: URLSearchParams, from = ''): Range {
  return { from: params.get('from') ?? from, until: params.get('until') ?? '' }
}

// ranges are the ranges that the page offers.
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

const minute = 60
const hour = 60 * minute
export const day = 24 * hour

// Units of time offsets. name is graphite-web's plural.
const units: { pattern: RegExp; name: string; seconds: number }[] = [
  { pattern: /^s/, name: 'seconds', seconds: 1 },
  { pattern: /^(min|m$)/, name: 'minutes', seconds: minute },
  { pattern: /^h/, name: 'hours', seconds: hour },
  { pattern: /^d/, name: 'days', seconds: day },
  { pattern: /^w/, name: 'weeks', seconds: 7 * day },
  { pattern: /^mon/, name: 'months', seconds: 30 * day },
  { pattern: /^y/, name: 'years', seconds: 365 * day },
]

const unitOf = (word: string) => units.find((u) => u.pattern.test(word))

// unixTime parses unix seconds; null: the text is something else.
export function unixTime(text: string): number | null {
  return /^\d{9,11}$/.test(text) ? Number(text) : null
}

// Offset is a time before now.
export interface Offset {
  quantity: string
  unit: string // as written
  unitName: string // graphite-web's plural; empty: unknown
}

// offset parses a from parameter such as -1h; null: the text is something else.
export function offset(text: string): Offset | null {
  const m = /^-(\d+)([a-z]+)$/.exec(text)
  return m && { quantity: m[1]!, unit: m[2]!, unitName: unitOf(m[2]!)?.name ?? '' }
}

// seconds converts unix times, now, and offsets to unix seconds. It returns null for all
// other times, which only the server understands.
function seconds(time: string, now: number): number | null {
  const text = time.trim().toLowerCase()
  if (text === 'now') return now
  const absolute = unixTime(text)
  if (absolute !== null) return absolute
  const m = /^(now)?([+-]?)(\d+)([a-z]+)$/.exec(text)
  const unit = m && unitOf(m[4]!)
  return unit ? now + (m[2] === '+' ? 1 : -1) * Number(m[3]) * unit.seconds : null
}

// windowOf returns the beginning and the end of a range in unix seconds. It returns null
// for an empty range and for times that only the server understands.
export function windowOf(range: Range, now = Date.now() / 1000): [number, number] | null {
  const from = seconds(range.from.trim() || defaultFrom, now)
  const until = seconds(range.until.trim() || 'now', now)
  return from === null || until === null || from >= until ? null : [from, until]
}

// isLive reports whether a range ends now, so that new points appear in it.
export function isLive(range: Range): boolean {
  return range.until === '' || range.until === 'now'
}

// twice returns a range that ends now and is twice as long. It returns null for ranges
// that do not end now, and for those whose length only the server knows.
export function twice(range: Range): Range | null {
  const start = offset(range.from.trim() || defaultFrom)
  return isLive(range) && start ? { from: `-${2 * Number(start.quantity)}${start.unit}`, until: range.until } : null
}

// absolute returns the range between two times in unix seconds.
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

const formats = new Map<string, Intl.DateTimeFormat>()

// dateTime formats unix seconds in a time zone; '' is the browser's.
export function dateTime(t: number, zone = ''): string {
  let f = formats.get(zone)
  if (!f) {
    f = format(zone, {
      year: 'numeric',
      month: 'short',
      day: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
    formats.set(zone, f)
  }
  return f.format(t * 1000).replace(/:00$/, '')
}

// describe returns a range in words.
export function describe(range: Range, zone = ''): string {
  const preset = ranges.find((r) => r.from === (range.from || defaultFrom))
  if (isLive(range)) {
    if (preset) return `Last ${preset.long}`
    const start = offset(range.from)
    if (start) return `Last ${start.quantity} ${start.unitName || start.unit}`
  }
  const text = (time: string) => {
    const t = unixTime(time)
    return t === null ? time : dateTime(t, zone)
  }
  return `${text(range.from || defaultFrom)} – ${text(range.until || 'now')}`
}

// ago returns how long ago a time in unix seconds was.
export function ago(t: number, now = Date.now() / 1000): string {
  const s = Math.max(0, now - t)
  if (s < minute) return 'just now'
  if (s < hour) return `${Math.floor(s / minute)} min ago`
  if (s < day) return `${Math.floor(s / hour)} h ago`
  return `${Math.floor(s / day)} d ago`
}

// zones are the names of all time zones.
export const zones: string[] = (() => {
  try {
    return ['UTC', ...Intl.supportedValuesOf('timeZone')]
  } catch {
    return ['UTC']
  }
})()
