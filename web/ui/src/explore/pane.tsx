import { useEffect, useState } from 'preact/hooks'
import { Icon } from '../base/icon'
import { Results } from './results'
import { Tags } from './tags'
import { Tree } from './tree'

// Pane is where metrics are found: by search, in the tree, by their tags.
export function Pane(props: { chosen: Set<string>; onChoose: (target: string) => void; search: string; onSearch: (text: string) => void }) {
  const [tab, setTab] = useState<'tree' | 'tags'>('tree')
  const [open, setOpen] = useState('')
  const [text, setText] = useState(props.search)
  useEffect(() => setText(props.search), [props.search])
  const find = (t: string) => {
    setText(t)
    props.onSearch(t)
  }
  return (
    <section class="pane" aria-label="Metrics">
      <div class="search">
        <Icon name="search" />
        <input
          type="search"
          value={text}
          onInput={(e) => find(e.currentTarget.value)}
          onKeyDown={(e) => {
            if (e.key === 'Escape' && text) {
              e.stopPropagation()
              find('')
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
          onSearch={find}
          onBranch={(path) => {
            setTab('tree')
            setOpen(path)
            find('')
          }}
        />
      ) : tab === 'tags' ? (
        <Tags chosen={props.chosen} onChoose={props.onChoose} />
      ) : (
        <Tree chosen={props.chosen} onChoose={props.onChoose} open={open} onSearch={find} />
      )}
    </section>
  )
}
