import { escapeGlob, search } from '../explore/nodes'
import { type Context, context, escapeName, unescapeName } from '../graph/syntax'
import { type Func, type Param, parameterAt } from './functions'

// Suggestion is a completion of the word at the cursor.
export interface Suggestion {
  text: string // in the list
  insert: string // replaces the word
  about: string // quiet text beside it
  kind: 'function' | 'metric' | 'branch' | 'value'
}

const maxSuggestions = 60
const maxFunctions = 12 // among them

// suggest returns suggestions for the cursor in a target: values of the parameter, or else
// functions and metrics.
export async function suggest(
  text: string,
  cursor: number,
  all: Map<string, Func>,
  signal: AbortSignal,
): Promise<{ at: Context; list: Suggestion[] }> {
  const at = context(text, cursor)
  const f = all.get(at.call)
  const param = f && parameterAt(f, at.argument)
  if (at.quoted || (at.argument > 0 && param && param.type !== 'seriesList' && param.type !== 'seriesLists')) {
    return { at, list: values(at, param) }
  }
  const { word } = at
  if (!word && !/[(,]\s*$/.test(text.slice(0, cursor))) return { at, list: [] }
  const list = functionsFor(word, text.slice(at.end).trimStart().startsWith('('), all)
  if (!/(?<!\\)["']/.test(word)) list.push(...(await metricsFor(word, signal)))
  return { at, list: unique(list).filter((s) => s.insert !== text.slice(at.start, at.end)) }
}

// functionsFor suggests functions whose name contains the word. Names that begin with it
// come first.
function functionsFor(word: string, hasBracket: boolean, all: Map<string, Func>): Suggestion[] {
  if (!/^[a-zA-Z_]\w*$/.test(word)) return []
  const lower = word.toLowerCase()
  const begins = (f: Func) => Number(f.name.toLowerCase().startsWith(lower))
  return [...all.values()]
    .filter((f) => f.name.toLowerCase().includes(lower))
    .sort((a, b) => begins(b) - begins(a) || a.name.localeCompare(b.name))
    .slice(0, maxFunctions)
    .map((f) => ({
      text: f.name,
      insert: hasBracket ? f.name : `${f.name}(`,
      about: f.function.slice(f.name.length),
      kind: 'function',
    }))
}

// metricsFor suggests metrics and branches that continue the word.
async function metricsFor(word: string, signal: AbortSignal): Promise<Suggestion[]> {
  const pattern = metricPattern(word)
  if (pattern === null) return []
  const list: Suggestion[] = []
  const found = await search(pattern, maxSuggestions, signal)
  const parents = word.slice(0, word.lastIndexOf('.') + 1)
  for (const n of found.nodes) {
    if (n.path.includes(';')) continue
    const insert = parents + escapeName(n.name)
    if (n.branch) list.push({ text: `${insert}.`, insert: `${insert}.`, about: '', kind: 'branch' })
    if (n.leaf) list.push({ text: insert, insert, about: '', kind: 'metric' })
  }
  return list
}

// metricPattern returns the pattern of the nodes that a word may become: those whose name
// begins with its last part, below its other parts. It returns null inside of braces.
function metricPattern(word: string): string | null {
  if ((word.match(/(?<!\\)\{/g)?.length ?? 0) !== (word.match(/\}/g)?.length ?? 0)) return null
  const dot = word.lastIndexOf('.')
  const last = word.slice(dot + 1)
  return `${word.slice(0, dot + 1)}${/[*?[{]/.test(last) ? last : escapeGlob(unescapeName(last))}*`
}

function unique(list: Suggestion[]): Suggestion[] {
  const seen = new Set<string>()
  return list.filter((s) => !seen.has(s.insert) && seen.add(s.insert))
}

// values suggests the values of a parameter.
function values(at: Context, param: Param | undefined): Suggestion[] {
  const known = [
    ...(param?.options ?? []),
    ...(param?.suggestions ?? []),
    ...(param?.type === 'boolean' ? [true, false] : []),
  ]
  const word = at.word.toLowerCase()
  const list: Suggestion[] = known
    .map((v) => ({ raw: v, text: v === true ? 'True' : v === false ? 'False' : String(v) }))
    .filter((v) => v.text.toLowerCase().startsWith(word))
    .map(({ raw, text }) => ({
      text,
      insert: typeof raw === 'string' && !at.quoted ? `"${text}"` : text,
      about: '',
      kind: 'value' as const,
    }))
  return unique(list).slice(0, maxSuggestions)
}
