import { useEffect, useState } from 'preact/hooks'
import { getJSON } from '../base/api'
import { url } from '../base/router'
import { readURL, writeGraph } from '../graph/state'

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

const maxDepth = 8
const maxGraphs = 500

// below returns the saved graphs below a path, which were imported from graphite-web's
// composer.
async function below(path: string, depth: number): Promise<Saved[]> {
  const nodes = await getJSON<Node[]>('/browser/mygraph', path ? [['path', path]] : [])
  const found: Saved[] = []
  for (const n of nodes) {
    const text = plain(n.text)
    const name = path ? `${path.replace(/\.$/, '')}.${text}` : text
    if (n.leaf && n.graphUrl) {
      found.push({ name, href: url('/composer', writeGraph(readURL(n.graphUrl))) })
    } else if (n.expandable && depth < maxDepth && found.length < maxGraphs)
      found.push(...(await below(n.id, depth + 1)))
  }
  return found.slice(0, maxGraphs)
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'" }

// plain decodes the entities of a text.
function plain(html: string): string {
  return html.replace(/&(amp|lt|gt|quot|#x27);/g, (_, word: string) => entities[word]!)
}

// SavedGraphs lists the graphs that were saved in graphite-web and imported.
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
