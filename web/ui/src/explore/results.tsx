import { useEffect, useState } from 'preact/hooks'
import { aborted, message } from '../base/api'
import { count, words } from '../base/format'
import { ErrorText } from '../base/ui'
import { escapeName } from '../graph/syntax'
import { byTags, type Found, hasGlob, type Node, search } from './nodes'
import { Row, Rows } from './rows'

const maxResults = 2000
const delay = 60 // milliseconds after a key before the search starts

interface ResultsProps {
  text: string // words, a pattern, or tag expressions
  chosen: Set<string> // targets
  onChoose: (target: string) => void
  onBranch: (path: string) => void
  onSearch: (text: string) => void
}

// Results shows the results of a search, and updates them with every key.
export function Results(props: ResultsProps) {
  const { found, failure } = useSearch(props.text)
  if (failure) return <ErrorText text={failure} />
  if (!found) return <p class="hint pad">Searching…</p>
  if (!found.nodes.length) return <NoResults />
  const isTags = props.text.includes('=')
  const isPattern = hasGlob(props.text)
  const all = isTags ? byTags(props.text.split(/\s+/)) : isPattern ? props.text : ''
  const marks = isTags || isPattern ? [] : words(props.text)
  return (
    <>
      <p class="found">
        <span role="status">
          {found.more ? `First ${count(found.nodes.length)}` : `${count(found.nodes.length)} found`}
        </span>
        {all && found.nodes.some((n) => n.leaf) && (
          <button type="button" class="link" onClick={() => props.onChoose(all)}>
            {props.chosen.has(all) ? 'Remove all' : 'Plot all as one target'}
          </button>
        )}
      </p>
      <Rows
        label="Search results"
        role="list"
        count={found.nodes.length}
        render={(i) => {
          const node = found.nodes[i]!
          return <Result {...props} node={node} marks={marks} key={`${node.path} ${node.leaf}`} />
        }}
      />
    </>
  )
}

// useSearch searches for a text. The last result stays until the next one arrives.
function useSearch(text: string): { found: Found | null; failure: string } {
  const [found, setFound] = useState<Found | null>(null)
  const [failure, setFailure] = useState('')
  useEffect(() => {
    const stop = new AbortController()
    const timer = setTimeout(() => {
      search(text, maxResults, stop.signal).then(
        (f) => {
          setFound(f)
          setFailure('')
        },
        (e: unknown) => {
          if (!aborted(e)) setFailure(message(e))
        },
      )
    }, delay)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [text])
  return { found, failure }
}

function NoResults() {
  return (
    <div class="hint pad">
      <p>No metrics found.</p>
      <p>
        Type words that the name contains, a pattern with <code>*</code> or <code>{'{a,b}'}</code>, or tags such as{' '}
        <code>host=web01</code>.
      </p>
    </div>
  )
}

// Result is a metric, a branch, or the common name of tagged series, written name=NAME.
function Result(props: ResultsProps & { node: Node; marks: string[] }) {
  const { node } = props
  const isTagged = !node.leaf && node.path.startsWith('name=')
  const target = escapeName(node.path)
  const choose = () => {
    if (node.leaf) props.onChoose(target)
    else if (isTagged) props.onSearch(node.path)
    else props.onBranch(node.path)
  }
  return (
    <Row
      icon={node.leaf ? 'leaf' : isTagged ? 'grid' : 'folder'}
      class={node.leaf ? 'leaf' : 'branch'}
      chosen={node.leaf ? props.chosen.has(target) : undefined}
      title={node.path}
      onClick={choose}
    >
      <span class="text rtl">
        <bdi>{marked(node.path, props.marks)}</bdi>
      </span>
    </Row>
  )
}

// marked returns a path in which the words are marked.
function marked(path: string, marks: string[]) {
  if (!marks.length) return path
  const lower = path.toLowerCase()
  const on = new Array<boolean>(path.length).fill(false)
  for (const w of marks)
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
