import { css } from '../chart/palette'
import { outerCalls } from './syntax'

// Style is how a series is drawn, as set by functions such as color() in its target.
export interface Style {
  color?: string
  width?: number
  alpha?: number
  dash?: number
  second?: boolean // on the right axis
  stacked?: boolean // the server has already added the values of the series below
  infinite?: boolean // a vertical line at each nonzero value
}

// styling matches targets that may contain a function that sets a style.
export const styling = /\b(color|threshold|lineWidth|alpha|dashed|secondYAxis|stacked|drawAsInfinite)\s*\(/

// styleOf returns the style of a target's series.
export function styleOf(target: string): Style {
  const style: Style = {}
  for (const { name, args } of outerCalls(target)) {
    const n = Number(args[0])
    if (name === 'color' && style.color === undefined) style.color = css(args[0] ?? '') ?? undefined
    else if (name === 'lineWidth' && Number.isFinite(n)) style.width ??= n
    else if (name === 'alpha' && Number.isFinite(n)) style.alpha ??= n
    else if (name === 'dashed') style.dash ??= Number.isFinite(n) ? n : 5
    else if (name === 'threshold') style.color ??= css(args[1] ?? '') ?? undefined
    else if (name === 'secondYAxis') style.second = true
    else if (name === 'stacked') style.stacked = true
    else if (name === 'drawAsInfinite') style.infinite = true
  }
  return style
}
