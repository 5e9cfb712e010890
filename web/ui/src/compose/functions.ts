import { getJSON } from '../base/api'

// Param is a parameter of a function, as /functions describes it.
export interface Param {
  name: string
  type: string
  required?: boolean
  default?: unknown
  multiple?: boolean
  options?: unknown[]
  suggestions?: unknown[]
}

// Func is a function, as /functions describes it.
export interface Func {
  name: string
  function: string // its signature
  description: string
  group: string
  params: Param[]
}

let all: Promise<Map<string, Func>> | null = null

// functions returns all functions by name. It requests them once.
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

// parameterAt returns the parameter of the argument with this index.
export function parameterAt(f: Func, argument: number): Param | undefined {
  const last = f.params[f.params.length - 1]
  return f.params[argument] ?? (last?.multiple ? last : undefined)
}

const isSeries = (p: Param) => p.type === 'seriesList' || p.type === 'seriesLists'

// wrap returns a call of a function with a target as its series. select is the range of
// the first argument that the user has to change.
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

// example returns a value for a required parameter.
function example(p: Param): string {
  const value = p.default ?? p.suggestions?.[0] ?? p.options?.[0]
  if (value !== undefined && value !== null) return typeof value === 'string' ? `"${value}"` : String(value)
  switch (p.type) {
    case 'integer':
    case 'float':
    case 'node':
    case 'nodeOrTag':
    case 'intOrInterval':
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

// plain returns a description without markup and without its example.
export function plain(description: string): string {
  return description
    .replace(/\s*Example::[\s\S]*$/, '')
    .replace(/``?/g, '')
    .replace(/\s+/g, ' ')
    .trim()
}
