import { useEffect, useState } from 'preact/hooks'
import { getJSON } from '../base/api'
import { url } from '../base/router'
import { readGraph, writeGraph } from '../graph/state'

interface Node {
  text: string // as HTML
  id: string
  graphUrl?: string
  leaf: number
  expandable: number
}

interface Saved {
  name: string
  href: string
}

const deepest = 8
const most = 500

// below are the graphs that graphite-web's composer saved, which an import brought.
async function below(path: string, depth: number): Promise<Saved[]> {
  const nodes = await getJSON<Node[]>('/browser/mygraph', path ? [['path', path]] : [])
  const found: Saved[] = []
  for (const n of nodes) {
    const text = plain(n.text)
    const name = path ? `${path.replace(/\.$/, '')}.${text}` : text
    if (n.leaf && n.graphUrl) {
      const graph = readGraph(new URLSearchParams(n.graphUrl.slice(n.graphUrl.indexOf('?') + 1)))
      found.push({ name, href: url('/composer', writeGraph(graph)) })
    } else if (n.expandable && depth < deepest && found.length < most) found.push(...(await below(n.id, depth + 1)))
  }
  return found.slice(0, most)
}

const words: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'" }

function plain(html: string): string {
  return html.replace(/&(amp|lt|gt|quot|#x27);/g, (_, word: string) => words[word]!)
}

// SavedGraphs lists the graphs that were saved in a graphite-web, if there are any.
export function SavedGraphs() {
  const [all, setAll] = useState<Saved[]>([])
  useEffect(() => {
    below('', 0).then(setAll, () => {})
  }, [])
  if (!all.length) return null
  return (
    <>
      <h2>Saved graphs</h2>
      <ul class="card names">
        {all.map((g) => (
          <li key={g.name}>
            <a href={g.href}>{g.name}</a>
          </li>
        ))}
      </ul>
    </>
  )
}
