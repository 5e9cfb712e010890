import { css } from '../chart/palette'
import { outer } from './syntax'

// Style is how functions of a target say that its series are drawn.
export interface Style {
  color?: string
  width?: number
  alpha?: number
  dash?: number
  second?: boolean
  stacked?: boolean // its values are added up already
  infinite?: boolean // each value that is not 0 is a line from bottom to top
}

export const styling = /\b(color|threshold|lineWidth|alpha|dashed|secondYAxis|stacked|drawAsInfinite)\s*\(/

export function styleOf(target: string): Style {
  const style: Style = {}
  for (const { name, args } of outer(target)) {
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
