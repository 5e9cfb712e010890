import { escapeGlob, search } from '../explore/nodes'
import { type Context, context, nameOf, ofName } from '../graph/syntax'
import type { Func } from './functions'

// Choice is a way to go on typing.
export interface Choice {
  text: string // as it is listed
  insert: string // in place of the word
  about: string
  kind: 'function' | 'metric' | 'branch' | 'value'
}

const most = 60

// choices are the ways to go on at a place in a target.
export async function choices(
  text: string,
  cursor: number,
  all: Map<string, Func>,
  signal: AbortSignal,
): Promise<{ at: Context; list: Choice[] }> {
  const at = context(text, cursor)
  const param = parameter(at, all)
  if (at.quoted || (at.argument > 0 && param && param.type !== 'seriesList' && param.type !== 'seriesLists')) {
    return { at, list: values(at, param) }
  }
  const { word } = at
  if (!word && !/[(,]\s*$/.test(text.slice(0, cursor))) return { at, list: [] }
  const list: Choice[] = []
  if (word && !word.includes('.') && /^[a-zA-Z_]\w*$/.test(word)) {
    const lower = word.toLowerCase()
    const named = [...all.values()].filter((f) => f.name.toLowerCase().includes(lower))
    named.sort(
      (a, b) =>
        Number(b.name.toLowerCase().startsWith(lower)) - Number(a.name.toLowerCase().startsWith(lower)) ||
        a.name.localeCompare(b.name),
    )
    const followed = text.slice(at.end).trimStart().startsWith('(')
    for (const f of named.slice(0, 12))
      list.push({
        text: f.name,
        insert: followed ? f.name : `${f.name}(`,
        about: f.function.slice(f.name.length),
        kind: 'function',
      })
  }
  if (/(?<!\\)["']/.test(word)) return { at, list }
  const pattern = metricPattern(word)
  if (pattern !== null) {
    const found = await search(pattern, most, signal)
    const typed = word.slice(0, word.lastIndexOf('.') + 1)
    for (const n of found.nodes) {
      if (n.path.includes(';')) continue
      const insert = typed + ofName(n.name)
      if (n.branch) list.push({ text: `${insert}.`, insert: `${insert}.`, about: '', kind: 'branch' })
      if (n.leaf) list.push({ text: insert, insert, about: '', kind: 'metric' })
    }
  }
  return { at, list: unique(list).filter((c) => c.insert !== text.slice(at.start, at.end)) }
}

// metricPattern finds the nodes that a word may become: those that begin with its
// last part, below all that its first parts match.
function metricPattern(word: string): string | null {
  if ((word.match(/(?<!\\)\{/g)?.length ?? 0) !== (word.match(/\}/g)?.length ?? 0)) return null
  const dot = word.lastIndexOf('.')
  const last = word.slice(dot + 1)
  return `${word.slice(0, dot + 1)}${/[*?[{]/.test(last) ? last : escapeGlob(nameOf(last))}*`
}

function unique(list: Choice[]): Choice[] {
  const seen = new Set<string>()
  return list.filter((c) => !seen.has(c.insert) && seen.add(c.insert))
}

export function parameter(at: Context, all: Map<string, Func>) {
  const f = all.get(at.call)
  if (!f) return undefined
  const p = f.params[at.argument]
  const last = f.params[f.params.length - 1]
  return p ?? (last?.multiple ? last : undefined)
}

function values(at: Context, param: ReturnType<typeof parameter>): Choice[] {
  const known = [
    ...(param?.options ?? []),
    ...(param?.suggestions ?? []),
    ...(param?.type === 'boolean' ? [true, false] : []),
  ]
  const word = at.word.toLowerCase()
  const list: Choice[] = known
    .map((v) => ({ raw: v, text: v === true ? 'True' : v === false ? 'False' : String(v) }))
    .filter((v) => v.text.toLowerCase().startsWith(word))
    .map(({ raw, text }) => ({
      text,
      insert: typeof raw === 'string' && !at.quoted ? `"${text}"` : text,
      about: '',
      kind: 'value' as const,
    }))
  return unique(list).slice(0, most)
}
