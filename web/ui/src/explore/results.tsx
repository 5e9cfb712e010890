import { useEffect, useState } from 'preact/hooks'
import { aborted, message } from '../base/api'
import { count } from '../base/format'
import { Icon } from '../base/icon'
import { ofName } from '../graph/syntax'
import { byTags, type Found, hasGlob, search } from './nodes'
import { Rows, rowHeight } from './virtual'

const most = 2000

// Results shows what a search finds, at each key.
export function Results(props: {
  text: string
  chosen: Set<string>
  onChoose: (target: string) => void
  onBranch: (path: string) => void
  onSearch: (text: string) => void
}) {
  const { text } = props
  const [found, setFound] = useState<Found | null>(null)
  const [failure, setFailure] = useState('')
  useEffect(() => {
    const stop = new AbortController()
    const timer = setTimeout(() => {
      search(text, most, stop.signal).then(
        (f) => {
          setFound(f)
          setFailure('')
        },
        (e: unknown) => {
          if (!aborted(e)) setFailure(message(e))
        },
      )
    }, 60)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [text])

  const tagged = text.includes('=')
  const all = tagged ? byTags(text.split(/\s+/).filter(Boolean)) : hasGlob(text) ? text.trim() : ''
  const words = tagged || hasGlob(text) ? [] : text.toLowerCase().split(/\s+/).filter(Boolean)
  if (failure) {
    return (
      <p class="failed" role="alert">
        {failure}
      </p>
    )
  }
  if (!found) return <p class="hint pad">Searching…</p>
  if (!found.nodes.length) {
    return (
      <div class="hint pad">
        <p>Nothing found.</p>
        <p>
          Words find names that have them all, <code>*</code> and <code>{'{a,b}'}</code> make a pattern,{' '}
          <code>host=web01</code> finds tagged series.
        </p>
      </div>
    )
  }
  return (
    <>
      <p class="found">
        <span role="status">
          {found.more ? `The first ${count(found.nodes.length)}` : `${count(found.nodes.length)} found`}
        </span>
        {all && found.nodes.some((n) => n.leaf) && (
          <button type="button" class="link" onClick={() => props.onChoose(all)}>
            {props.chosen.has(all) ? 'Take all away' : 'Plot all as one target'}
          </button>
        )}
      </p>
      <Rows
        label="Found"
        role="list"
        count={found.nodes.length}
        height={rowHeight}
        render={(i) => {
          const node = found.nodes[i]!
          const names = !node.leaf && node.path.startsWith('name=')
          const chosen = node.leaf && props.chosen.has(ofName(node.path))
          return (
            <div role="listitem" key={`${node.path} ${node.leaf}`} style={{ height: `${rowHeight}px` }}>
              <button
                type="button"
                class={`row plain ${node.leaf ? 'leaf' : 'branch'} ${chosen ? 'chosen' : ''}`}
                aria-pressed={node.leaf ? chosen : undefined}
                style={{ height: `${rowHeight}px` }}
                title={node.path}
                onClick={() =>
                  node.leaf
                    ? props.onChoose(ofName(node.path))
                    : names
                      ? props.onSearch(node.path)
                      : props.onBranch(node.path)
                }
              >
                <Icon name={node.leaf ? 'leaf' : names ? 'grid' : 'folder'} />
                <span class="text rtl">
                  <bdi>{marked(node.path, words)}</bdi>
                </span>
              </button>
            </div>
          )
        }}
      />
    </>
  )
}

// marked is a path in which the words that were looked for stand out.
function marked(path: string, words: string[]) {
  if (!words.length) return path
  const lower = path.toLowerCase()
  const on = new Array<boolean>(path.length).fill(false)
  for (const w of words)
    for (let i = lower.indexOf(w); i >= 0; i = lower.indexOf(w, i + 1)) on.fill(true, i, i + w.length)
  const parts = []
  for (let i = 0; i < path.length; ) {
    let j = i
    while (j < path.length && on[j] === on[i]) j++
    const text = path.slice(i, j)
    parts.push(on[i] ? <mark key={i}>{text}</mark> : text)
    i = j
  }
  return parts
}
