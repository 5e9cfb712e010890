// Numbers for people: four digits, and a letter for thousands.
const letters = ['', 'k', 'M', 'G', 'T', 'P', 'E']

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

// axis writes the ticks of an axis, all with as many digits as their distance needs;
// null is one without a text.
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

export function bytes(v: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  let i = 0
  while (v >= 1000 && i < names.length - 1) {
    v /= 1024
    i++
  }
  return `${v >= 100 || i === 0 ? Math.round(v) : v.toFixed(1)} ${names[i]}`
}

export function count(n: number): string {
  return n.toLocaleString('en')
}
