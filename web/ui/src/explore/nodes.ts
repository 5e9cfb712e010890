import { getJSON } from '../base/api'
import { compareNames } from '../base/format'

// Node is a node of the tree of metric names. A node can be both a leaf (a metric) and a
// branch.
export interface Node {
  path: string
  name: string // last part of the path
  leaf: boolean
  branch: boolean
}

export interface Found {
  nodes: Node[]
  more: boolean // there are more nodes than the limit
}

// Maximum number of children shown for a branch. The search finds the others.
const maxChildren = 10_000

// search returns the nodes that match words, a pattern, or tag expressions.
export async function search(text: string, limit: number, signal?: AbortSignal): Promise<Found> {
  const answer = await getJSON<{ results: { path: string; leaf: boolean }[]; more: boolean }>(
    '/metrics/search',
    [
      ['query', text],
      ['limit', String(limit)],
    ],
    signal,
  )
  const nodes: Node[] = []
  for (const { path, leaf } of answer.results) {
    const last = nodes[nodes.length - 1]
    if (last?.path === path) {
      last.leaf ||= leaf
      last.branch ||= !leaf
    } else nodes.push({ path, name: path.slice(path.lastIndexOf('.') + 1), leaf, branch: !leaf })
  }
  return { nodes, more: answer.more }
}

// children returns the children of a branch, sorted by name; '' is the root.
export async function children(path: string): Promise<Found> {
  const found = await search(path === '' ? '*' : `${escapeGlob(path)}.*`, maxChildren)
  found.nodes.sort((a, b) => compareNames(a.name, b.name))
  return found
}

// escapeGlob returns the pattern that matches only this path.
export function escapeGlob(path: string): string {
  return path.replace(/[\\*?[\]{}]/g, '\\$&')
}

// hasGlob reports whether a text is a pattern.
export function hasGlob(text: string): boolean {
  return /[*?[{]/.test(text)
}

// byTags returns the target that draws the series that match all tag expressions.
export function byTags(exprs: string[]): string {
  return `seriesByTag(${exprs.map((e) => (e.includes("'") ? `"${e}"` : `'${e}'`)).join(',')})`
}

// tagValues returns at most limit values of a tag among the series that match all tag
// expressions.
export function tagValues(tag: string, exprs: string[], limit: number, signal: AbortSignal): Promise<string[]> {
  return autoComplete('values', [['tag', tag]], exprs, limit, signal)
}

// tags returns at most limit tags of the series that match all tag expressions.
export function tags(exprs: string[], limit: number, signal: AbortSignal): Promise<string[]> {
  return autoComplete('tags', [], exprs, limit, signal)
}

function autoComplete(
  kind: 'tags' | 'values',
  params: [string, string][],
  exprs: string[],
  limit: number,
  signal: AbortSignal,
): Promise<string[]> {
  const conditions = exprs.map((e): [string, string] => ['expr', e])
  return getJSON(`/tags/autoComplete/${kind}`, [...params, ...conditions, ['limit', String(limit)]], signal)
}
