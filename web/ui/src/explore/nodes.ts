import { getJSON } from '../base/api'

// Node is a place in the tree: a metric, a branch, or both.
export interface Node {
  path: string
  name: string
  leaf: boolean
  branch: boolean
}

export interface Found {
  nodes: Node[]
  more: boolean
}

// most is how many children of a branch are shown; the search finds the others.
const most = 10_000

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

export async function children(path: string): Promise<Found> {
  const found = await search(path === '' ? '*' : `${escapeGlob(path)}.*`, most)
  const order = new Intl.Collator('en', { numeric: true })
  found.nodes.sort((a, b) => order.compare(a.name, b.name))
  return found
}

export function escapeGlob(path: string): string {
  return path.replace(/[\\*?[\]{}]/g, '\\$&')
}

export function hasGlob(text: string): boolean {
  return /[*?[{]/.test(text)
}

// byTags is the target that draws the series for which tag expressions hold.
export function byTags(exprs: string[]): string {
  return `seriesByTag(${exprs.map((e) => (e.includes("'") ? `"${e}"` : `'${e}'`)).join(',')})`
}
