// Letters for powers of 1000.
const letters = ['', 'k', 'M', 'G', 'T', 'P', 'E']

// short returns a number with at most four digits and a letter for thousands; – means no
// value.

export function short(v: number | null | undefined): string {
  if (v === null || v === undefined || Number.isNaN(v)) return '–'
  const size = Math.abs(v)
  if (size >= 1e21) return v.toExponential(2)
  let n = v
  let i = 0
  while (Math.abs(n) >= 999.95 && i < letters.length - 1) {
    n /= 1000
    i++
  }
  if (i === 0 && size !== 0 && size < 0.001) return v.toExponential(1)
  const digits = Math.abs(n) >= 100 ? 1 : Math.abs(n) >= 10 ? 2 : 3
  return `${Number(n.toFixed(i === 0 && Number.isInteger(v) ? 0 : digits))}${letters[i]}`
}

// axis returns the labels of an axis, all in the same unit and with as many decimals as
// their distance needs. A tick that is null has an empty label.
export function axis(splits: (number | null)[]): string[] {
  const known = splits.filter((v) => v !== null)
  const max = Math.max(...known.map(Math.abs), 0)
  let power = 0
  while (max / 1000 ** power >= 1000 && power < letters.length - 1) power++
  const unit = 1000 ** power
  const step = known.length > 1 ? Math.abs(known[1]! - known[0]!) / unit : 1
  let digits = 0
  const whole = (x: number) => Math.abs(x - Math.round(x)) <= 1e-6 * x
  while (digits < 8 && !whole(step * 10 ** digits)) digits++
  return splits.map((v) => (v === null ? '' : v === 0 ? '0' : (v / unit).toFixed(digits) + letters[power]))
}

// bytes returns a size in binary units.
export function bytes(v: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  let i = 0
  while (v >= 1000 && i < names.length - 1) {
    v /= 1024
    i++
  }
  return `${v >= 100 || i === 0 ? Math.round(v) : v.toFixed(1)} ${names[i]}`
}

// count returns an integer with thousands separators.
export function count(n: number): string {
  return n.toLocaleString('en')
}

// words returns the lower-case words of a text.
export function words(text: string): string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean)
}

// compareNames orders names so that web2 comes before web10.
export const compareNames = new Intl.Collator('en', { numeric: true }).compare
