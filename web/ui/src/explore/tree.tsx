import { useEffect, useRef, useState } from 'preact/hooks'
import { message } from '../base/api'
import { Icon } from '../base/icon'
import { ofName } from '../graph/syntax'
import { children, escapeGlob, type Found, type Node } from './nodes'
import { Rows, rowHeight } from './virtual'

type Row = { kind: 'node'; node: Node; depth: number } | { kind: 'note'; text: string; depth: number; of: string }

export interface TreeProps {
  chosen: Set<string> // targets
  onChoose: (target: string) => void
  open: string // a branch to be opened, with those above it
  onSearch: (text: string) => void
}

// Tree shows the names of all metrics, each branch when it is opened.
export function Tree(props: TreeProps) {
  const [found, setFound] = useState(new Map<string, Found | string | null>()) // null: on its way; text: failed
  const [open, setOpen] = useState(new Set<string>())
  const [focus, setFocus] = useState(0)
  const asked = useRef(new Set<string>())

  const fetch = (path: string) => {
    if (asked.current.has(path)) return
    asked.current.add(path)
    setFound((f) => new Map(f).set(path, f.get(path) ?? null))
    children(path).then(
      (c) => setFound((f) => new Map(f).set(path, c)),
      (e: unknown) => {
        asked.current.delete(path)
        setFound((f) => new Map(f).set(path, message(e)))
      },
    )
  }

  useEffect(() => fetch(''), [])
  useEffect(() => {
    // The root fills while a new server gets its first metrics.
    const root = found.get('')
    if (!root || typeof root === 'string' || root.nodes.length > 1) return
    const timer = setTimeout(() => {
      asked.current.delete('')
      fetch('')
    }, 3000)
    return () => clearTimeout(timer)
  }, [found])
  useEffect(() => {
    if (!props.open) return
    const parts = props.open.split('.')
    const paths = parts.map((_, i) => parts.slice(0, i + 1).join('.'))
    paths.forEach(fetch)
    setOpen((o) => new Set([...o, ...paths]))
  }, [props.open])

  const rows: Row[] = []
  const add = (path: string, depth: number) => {
    const c = found.get(path)
    if (c === null || c === undefined) rows.push({ kind: 'note', text: 'Loading…', depth, of: path })
    else if (typeof c === 'string') rows.push({ kind: 'note', text: c, depth, of: path })
    else {
      for (const node of c.nodes) {
        rows.push({ kind: 'node', node, depth })
        if (node.branch && open.has(node.path)) add(node.path, depth + 1)
      }
      if (c.more) rows.push({ kind: 'note', text: 'There are more: search', depth, of: path })
    }
  }
  add('', 0)

  const setBranch = (path: string, on: boolean) => {
    if (on) fetch(path)
    setOpen((o) => {
      const next = new Set(o)
      if (on) next.add(path)
      else next.delete(path)
      return next
    })
  }
  const act = (row: Row) => {
    if (row.kind === 'note') {
      if (typeof found.get(row.of) === 'string') fetch(row.of)
      else props.onSearch(row.of ? `${escapeGlob(row.of)}.*` : '')
    } else if (row.node.leaf && !row.node.branch) props.onChoose(ofName(row.node.path))
    else setBranch(row.node.path, !open.has(row.node.path))
  }
  const at = Math.min(focus, rows.length - 1)
  const key = (e: KeyboardEvent) => {
    const row = rows[at]
    if (!row) return
    if (e.key === 'ArrowDown') setFocus(Math.min(at + 1, rows.length - 1))
    else if (e.key === 'ArrowUp') setFocus(Math.max(at - 1, 0))
    else if (e.key === 'Home') setFocus(0)
    else if (e.key === 'End') setFocus(rows.length - 1)
    else if (e.key === 'ArrowRight' && row.kind === 'node' && row.node.branch) {
      if (open.has(row.node.path)) setFocus(at + 1)
      else setBranch(row.node.path, true)
    } else if (e.key === 'ArrowLeft' && row.kind === 'node') {
      if (open.has(row.node.path)) setBranch(row.node.path, false)
      else {
        const parent = row.node.path.slice(0, Math.max(0, row.node.path.lastIndexOf('.')))
        const i = rows.findIndex((r) => r.kind === 'node' && r.node.path === parent)
        if (i >= 0) setFocus(i)
      }
    } else if (e.key === 'Enter' || e.key === ' ') act(row)
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
        height={rowHeight}
        onKeyDown={key}
        scrollTo={at}
        render={(i) => {
          const row = rows[i]!
          if (row.kind === 'note') {
            return (
              <div
                class="row note"
                role="treeitem"
                tabIndex={i === at ? 0 : -1}
                style={{ height: `${rowHeight}px`, paddingLeft: `${row.depth * 14 + 26}px` }}
                onClick={() => act(row)}
                key={`${row.of} note`}
              >
                {row.text}
              </div>
            )
          }
          const { node, depth } = row
          const isOpen = node.branch && open.has(node.path)
          const chosen = node.leaf && props.chosen.has(ofName(node.path))
          return (
            <div
              class={`row ${node.branch ? 'branch' : 'leaf'} ${chosen ? 'chosen' : ''}`}
              role="treeitem"
              aria-level={depth + 1}
              aria-expanded={node.branch ? isOpen : undefined}
              aria-selected={node.leaf ? chosen : undefined}
              tabIndex={i === at ? 0 : -1}
              style={{ height: `${rowHeight}px`, paddingLeft: `${depth * 14 + 6}px` }}
              title={node.path}
              key={node.path}
              onClick={() => {
                setFocus(i)
                act(row)
              }}
            >
              <Icon name={node.branch ? (isOpen ? 'down' : 'right') : 'leaf'} />
              <span class="text">{node.name}</span>
              {node.branch && node.leaf && (
                <button
                  type="button"
                  class="plain also"
                  tabIndex={-1}
                  aria-label={`Plot ${node.path}`}
                  onClick={(e) => {
                    e.stopPropagation()
                    props.onChoose(ofName(node.path))
                  }}
                >
                  <Icon name="leaf" />
                </button>
              )}
            </div>
          )
        }}
      />
    </div>
  )
}
