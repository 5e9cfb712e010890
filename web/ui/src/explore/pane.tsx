import { useEffect, useRef, useState } from 'preact/hooks'
import { Icon } from '../base/icon'
import { Tabs } from '../base/ui'
import { Results } from './results'
import { Tags } from './tags'
import { Tree } from './tree'

const pause = 400 // milliseconds

// Pane finds metrics by a search, in the tree of names, or by tags.
export function Pane(props: {
  chosen: Set<string>
  onChoose: (target: string) => void
  search: string
  onSearch: (text: string) => void
}) {
  const [tab, setTab] = useState<'tree' | 'tags'>('tree')
  const [open, setOpen] = useState('')
  const [text, setText] = useDelayed(props.search, props.onSearch)
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
        <Tabs
          label="Browse by"
          tabs={[
            ['tree', 'Names'],
            ['tags', 'Tags'],
          ]}
          value={tab}
          onChange={setTab}
        />
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

// useDelayed holds the text of the search box. The search goes into the address when the
// user pauses, because browsers limit the rate of changes to the address.
function useDelayed(search: string, onSearch: (text: string) => void): [text: string, setText: (text: string) => void] {
  const [text, setText] = useState(search)
  const sent = useRef(search)
  const latest = useRef(onSearch)
  latest.current = onSearch
  useEffect(() => {
    if (search === sent.current) return
    sent.current = search
    setText(search)
  }, [search])
  useEffect(() => {
    const timer = setTimeout(() => {
      if (text === sent.current) return
      sent.current = text
      latest.current(text)
    }, pause)
    return () => clearTimeout(timer)
  }, [text])
  return [text, setText]
}
