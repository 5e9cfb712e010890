import type { Series } from '../graph/load'

// Colors of lines, in order. Neighbors differ in hue and lightness. Colors for dark pages
// are lighter.
const light = [
  '#1f6feb',
  '#d9480f',
  '#2b8a3e',
  '#9c36b5',
  '#b08800',
  '#0c8599',
  '#c2255c',
  '#5f3dc4',
  '#66800b',
  '#495057',
  '#a0522d',
  '#1098ad',
]
const dark = [
  '#6ea8fe',
  '#ff922b',
  '#69db7c',
  '#da77f2',
  '#ffd43b',
  '#3bc9db',
  '#f783ac',
  '#9775fa',
  '#c0eb75',
  '#ced4da',
  '#e6a77c',
  '#66d9e8',
]

// color returns the color of the line with index i.
function color(i: number, onDark: boolean): string {
  const list = onDark ? dark : light
  return list[i % list.length]!
}

// Color names of graphite-web that CSS lacks or defines differently.
const named: Record<string, string> = {
  rose: '#c83296',
  aqua: '#96b4c8',
  brown: '#966432',
  darkgrey: '#6f6f6f',
  darkgray: '#6f6f6f',
  green: '#00c800',
  lime: '#00ff00',
}

// css converts a color of /render to CSS. It returns null for an unknown color.
export function css(text: string): string | null {
  const word = text.trim().toLowerCase().replace(/^#/, '')
  if (named[word]) return named[word]
  if (/^([0-9a-f]{6}|[0-9a-f]{8})$/.test(word)) return `#${word}`
  return CSS.supports('color', word) ? word : null
}

// faded returns a color with an opacity, from 0 to 1.
export function faded(c: string, alpha: number): string {
  if (/^#[0-9a-f]{6}$/i.test(c))
    return (
      c +
      Math.round(alpha * 255)
        .toString(16)
        .padStart(2, '0')
    )
  return `color-mix(in srgb, ${c} ${Math.round(alpha * 100)}%, transparent)`
}

// colorOf returns the color of series i. It comes from the series' style, the graph's
// colorList, or the palette, in this order.
export function colorOf(p: { series: Series[]; options: Record<string, string>; dark: boolean }, i: number): string {
  const own = p.series[i]!.style.color
  if (own) return own
  const list = (p.options.colorList ?? '').split(',').filter(Boolean)
  const listed = list.length ? css(list[i % list.length]!) : null
  return listed ?? color(i, p.dark)
}

// Colors are the colors of axes and events in the page's style sheet.
export interface Colors {
  quiet: string
  line: string
  event: string
}

export function pageColors(): Colors {
  const style = getComputedStyle(document.documentElement)
  const of = (name: string) => style.getPropertyValue(name).trim()
  return { quiet: of('--quiet'), line: of('--grid'), event: of('--event') }
}
