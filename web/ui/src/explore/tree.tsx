import { useEffect, useRef, useState } from 'preact/hooks'
import { message } from '../base/api'
import { Icon } from '../base/icon'
import { escapeName } from '../graph/syntax'
import { children, escapeGlob, type Found, type Node } from './nodes'
import { Rows, rowHeight } from './rows'

const indent = 14 // pixels per level

// NodeRow is a node of the tree. NoteRow stands for children that are not shown: they are
// loading, failed to load, or are too many.
type NodeRow = { kind: 'node'; node: Node; depth: number }
type NoteRow = { kind: 'note'; text: string; depth: number; parent: string }
type TreeRow = NodeRow | NoteRow

export interface TreeProps {
  chosen: Set<string> // targets
  onChoose: (target: string) => void
  open: string // branch to open, together with its parents
  onSearch: (text: string) => void
}

// Tree shows the names of all metrics as a tree. It loads a branch when the branch is
// opened.
export function Tree(props: TreeProps) {
  const { loaded, load } = useChildren()
  const [open, setOpen] = useState(new Set<string>())
  const [focus, setFocus] = useState(0)
  useEffect(() => {
    if (!props.open) return
    const parts = props.open.split('.')
    const paths = parts.map((_, i) => parts.slice(0, i + 1).join('.'))
    paths.forEach(load)
    setOpen((o) => new Set([...o, ...paths]))
  }, [props.open])

  const rows = visibleRows(loaded, open)
  const setBranch = (path: string, isOpen: boolean) => {
    if (isOpen) load(path)
    setOpen((o) => {
      const next = new Set(o)
      if (isOpen) next.add(path)
      else next.delete(path)
      return next
    })
  }
  const activate = (row: TreeRow) => {
    if (row.kind === 'note') {
      if (typeof loaded.get(row.parent) === 'string') load(row.parent)
      else props.onSearch(row.parent ? `${escapeGlob(row.parent)}.*` : '')
    } else if (row.node.leaf && !row.node.branch) props.onChoose(escapeName(row.node.path))
    else setBranch(row.node.path, !open.has(row.node.path))
  }
  const current = Math.min(focus, rows.length - 1)
  const key = (e: KeyboardEvent) => {
    const row = rows[current]
    if (!row) return
    const next = moveTo(e.key, rows, current, open)
    const branch = row.kind === 'node' && row.node.branch ? row.node.path : null
    if (next !== null) setFocus(next)
    else if (e.key === 'ArrowRight' && branch !== null) setBranch(branch, true)
    else if (e.key === 'ArrowLeft' && branch !== null) setBranch(branch, false)
    else if (e.key === 'Enter' || e.key === ' ') activate(row)
    else return
    e.preventDefault()
    requestAnimationFrame(() => document.querySelector<HTMLElement>('.tree [tabindex="0"]')?.focus())
  }

  return (
    <div class="tree">
      <Rows
        role="tree"
        label="Metrics"
        count={rows.length}
        onKeyDown={key}
        scrollTo={current}
        render={(i) => {
          const row = rows[i]!
          const tabIndex = i === current ? 0 : -1
          const onClick = () => {
            setFocus(i)
            activate(row)
          }
          if (row.kind === 'note')
            return <NoteItem key={`${row.parent} note`} row={row} tabIndex={tabIndex} onClick={onClick} />
          return (
            <NodeItem
              key={row.node.path}
              row={row}
              isOpen={row.node.branch && open.has(row.node.path)}
              chosen={row.node.leaf && props.chosen.has(escapeName(row.node.path))}
              tabIndex={tabIndex}
              onClick={onClick}
              onChoose={props.onChoose}
            />
          )
        }}
      />
    </div>
  )
}

// Children of each branch: null while they load, a text if loading failed.
type Loaded = Map<string, Found | string | null>

// useChildren holds the children of branches. load loads a branch unless it is loaded.
function useChildren(): { loaded: Loaded; load: (path: string) => void } {
  const [loaded, setLoaded] = useState<Loaded>(new Map())
  const requested = useRef(new Set<string>())
  const load = (path: string) => {
    if (requested.current.has(path)) return
    requested.current.add(path)
    setLoaded((l) => new Map(l).set(path, l.get(path) ?? null))
    children(path).then(
      (c) => setLoaded((l) => new Map(l).set(path, c)),
      (e: unknown) => {
        requested.current.delete(path)
        setLoaded((l) => new Map(l).set(path, message(e)))
      },
    )
  }
  useEffect(() => load(''), [])
  useEffect(() => {
    // A new server has few metrics: load the root again until there are more.
    const root = loaded.get('')
    if (!root || typeof root === 'string' || root.nodes.length > 1) return
    const timer = setTimeout(() => {
      requested.current.delete('')
      load('')
    }, 3000)
    return () => clearTimeout(timer)
  }, [loaded])
  return { loaded, load }
}

// visibleRows returns the rows of the root and of all open branches.
function visibleRows(loaded: Loaded, open: Set<string>): TreeRow[] {
  const rows: TreeRow[] = []
  const add = (parent: string, depth: number) => {
    const c = loaded.get(parent)
    if (c === null || c === undefined) rows.push({ kind: 'note', text: 'Loading…', depth, parent })
    else if (typeof c === 'string') rows.push({ kind: 'note', text: c, depth, parent })
    else {
      for (const node of c.nodes) {
        rows.push({ kind: 'node', node, depth })
        if (node.branch && open.has(node.path)) add(node.path, depth + 1)
      }
      if (c.more) rows.push({ kind: 'note', text: 'More: use the search', depth, parent })
    }
  }
  add('', 0)
  return rows
}

// moveTo returns the row that a key moves the focus to; null: the key moves nothing.
function moveTo(key: string, rows: TreeRow[], current: number, open: Set<string>): number | null {
  const row = rows[current]!
  switch (key) {
    case 'ArrowDown':
      return Math.min(current + 1, rows.length - 1)
    case 'ArrowUp':
      return Math.max(current - 1, 0)
    case 'Home':
      return 0
    case 'End':
      return rows.length - 1
    case 'ArrowRight':
      return row.kind === 'node' && row.node.branch && open.has(row.node.path) ? current + 1 : null
    case 'ArrowLeft': {
      if (row.kind !== 'node' || open.has(row.node.path)) return null
      const parent = row.node.path.slice(0, Math.max(0, row.node.path.lastIndexOf('.')))
      const i = rows.findIndex((r) => r.kind === 'node' && r.node.path === parent)
      return i >= 0 ? i : current
    }
  }
  return null
}

function NoteItem(props: { row: NoteRow; tabIndex: number; onClick: () => void }) {
  return (
    <div
      class="row note"
      role="treeitem"
      tabIndex={props.tabIndex}
      style={{ height: `${rowHeight}px`, paddingLeft: `${props.row.depth * indent + 26}px` }}
      onClick={props.onClick}
    >
      {props.row.text}
    </div>
  )
}

function NodeItem(props: {
  row: NodeRow
  isOpen: boolean
  chosen: boolean
  tabIndex: number
  onClick: () => void
  onChoose: (target: string) => void
}) {
  const { node, depth } = props.row
  return (
    <div
      class={`row ${node.branch ? 'branch' : 'leaf'} ${props.chosen ? 'chosen' : ''}`}
      role="treeitem"
      aria-level={depth + 1}
      aria-expanded={node.branch ? props.isOpen : undefined}
      aria-selected={node.leaf ? props.chosen : undefined}
      tabIndex={props.tabIndex}
      style={{ height: `${rowHeight}px`, paddingLeft: `${depth * indent + 6}px` }}
      title={node.path}
      onClick={props.onClick}
    >
      <Icon name={node.branch ? (props.isOpen ? 'down' : 'right') : 'leaf'} />
      <span class="text">{node.name}</span>
      {node.branch && node.leaf && (
        <button
          type="button"
          class="plain also"
          tabIndex={-1}
          aria-label={`Plot ${node.path}`}
          onClick={(e) => {
            e.stopPropagation()
            props.onChoose(escapeName(node.path))
          }}
        >
          <Icon name="leaf" />
        </button>
      )}
    </div>
  )
}
