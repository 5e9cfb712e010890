import { getJSON } from '../base/api'

// What the server says of the functions of targets.
export interface Param {
  name: string
  type: string
  required?: boolean
  default?: unknown
  multiple?: boolean
  options?: unknown[]
  suggestions?: unknown[]
}

export interface Func {
  name: string
  function: string // its signature
  description: string
  group: string
  params: Param[]
}

let all: Promise<Map<string, Func>> | null = null

export function functions(): Promise<Map<string, Func>> {
  all ??= getJSON<Record<string, Func>>('/functions').then(
    (list) => new Map(Object.entries(list)),
    (e: unknown) => {
      all = null
      throw e
    },
  )
  return all
}

const isSeries = (p: Param) => p.type === 'seriesList' || p.type === 'seriesLists'

// wrap puts a target into a function. select is what the reader should fill in.
export function wrap(f: Func, target: string): { text: string; select: [number, number] | null } {
  let text = `${f.name}(`
  let select: [number, number] | null = null
  const takesSeries = f.params.findIndex(isSeries)
  f.params.forEach((p, i) => {
    if (i === takesSeries) {
      text += (i ? ', ' : '') + target
      return
    }
    if (!p.required) return
    const given = example(p)
    text += i ? ', ' : ''
    const quoted = /^(["']).*\1$/.test(given)
    select ??= [text.length + (quoted ? 1 : 0), text.length + given.length - (quoted ? 1 : 0)]
    text += given
  })
  return { text: `${text})`, select }
}

function example(p: Param): string {
  const value = p.default ?? p.suggestions?.[0] ?? p.options?.[0]
  if (value !== undefined && value !== null) return typeof value === 'string' ? `"${value}"` : String(value)
  switch (p.type) {
    case 'integer':
    case 'node':
    case 'nodeOrTag':
    case 'intOrInterval':
      return '1'
    case 'float':
      return '1'
    case 'boolean':
      return 'True'
    case 'interval':
      return '"1h"'
    case 'aggFunc':
    case 'aggOrSeriesFunc':
      return '"sum"'
    case 'date':
      return '"-1h"'
    default:
      return `"${p.name}"`
  }
}

// plain is a description without the marks of its source format.
export function plain(description: string): string {
  return description
    .replace(/\s*Example::[\s\S]*$/, '')
    .replace(/``?/g, '')
    .replace(/\s+/g, ' ')
    .trim()
}

export function exampleOf(description: string): string {
  return /&target=(.*)/.exec(description)?.[1] ?? ''
}
