import { useEffect, useRef, useState } from 'preact/hooks'
import { Icon } from '../base/icon'
import { Results } from './results'
import { Tags } from './tags'
import { Tree } from './tree'

// Pane is where metrics are found: by search, in the tree, by their tags.
export function Pane(props: {
  chosen: Set<string>
  onChoose: (target: string) => void
  search: string
  onSearch: (text: string) => void
}) {
  const [tab, setTab] = useState<'tree' | 'tags'>('tree')
  const [open, setOpen] = useState('')
  const [text, setText] = useState(props.search)
  // What is typed goes into the address at a pause: browsers allow few changes of it.
  const sent = useRef(props.search)
  const onSearch = useRef(props.onSearch)
  onSearch.current = props.onSearch
  const send = (t: string) => {
    if (t === sent.current) return
    sent.current = t
    onSearch.current(t)
  }
  useEffect(() => {
    if (props.search === sent.current) return
    sent.current = props.search
    setText(props.search)
  }, [props.search])
  useEffect(() => {
    const timer = setTimeout(() => send(text), 400)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <section class="pane" aria-label="Metrics">
      <div class="search">
        <Icon name="search" />
        <input
          type="search"
          value={text}
          onInput={(e) => setText(e.currentTarget.value)}
          onKeyDown={(e) => {
            if (e.key === 'Escape' && text) {
              e.stopPropagation()
              setText('')
            }
          }}
          placeholder="cpu web01, servers.*.load, dc=eu"
          aria-label="Search metrics"
          title="Press / to search"
          id="search"
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
        />
      </div>
      {!text.trim() && (
        <div class="tabs" role="group" aria-label="Browse by">
          <button type="button" aria-pressed={tab === 'tree'} onClick={() => setTab('tree')}>
            Names
          </button>
          <button type="button" aria-pressed={tab === 'tags'} onClick={() => setTab('tags')}>
            Tags
          </button>
        </div>
      )}
      {text.trim() ? (
        <Results
          text={text.trim()}
          chosen={props.chosen}
          onChoose={props.onChoose}
          onSearch={setText}
          onBranch={(path) => {
            setTab('tree')
            setOpen(path)
            setText('')
          }}
        />
      ) : tab === 'tags' ? (
        <Tags chosen={props.chosen} onChoose={props.onChoose} />
      ) : (
        <Tree chosen={props.chosen} onChoose={props.onChoose} open={open} onSearch={setText} />
      )}
    </section>
  )
}
