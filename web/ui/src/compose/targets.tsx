import { useState } from 'preact/hooks'
import { Icon } from '../base/icon'
import { IconButton, menuItems, Popover } from '../base/ui'
import type { Target } from '../graph/state'
import type { Problem } from '../graph/syntax'
import { Editor } from './editor'
import { wrap } from './functions'
import { FunctionMenu } from './menu'

// Targets is the list of what a graph draws, each to be edited, moved, hidden,
// doubled, put into a function, or removed.
export function Targets(props: {
  targets: Target[]
  problems: Map<string, Problem>
  onChange: (targets: Target[]) => void
}) {
  const { targets, onChange } = props
  const [select, setSelect] = useState<{ i: number; range: [number, number] } | null>(null)
  const [dragged, setDragged] = useState(-1)
  const replace = (i: number, ...by: Target[]) => onChange([...targets.slice(0, i), ...by, ...targets.slice(i + 1)])
  const move = (from: number, to: number) => {
    if (to < 0 || to >= targets.length || from === to) return
    const next = [...targets]
    next.splice(to, 0, ...next.splice(from, 1))
    onChange(next)
  }
  return (
    <div class="targets">
      {targets.map((t, i) => (
        <div
          class={`target ${t.off ? 'off' : ''} ${dragged === i ? 'dragged' : ''}`}
          key={i}
          onDragOver={(e) => {
            if (dragged >= 0) e.preventDefault()
          }}
          onDrop={(e) => {
            e.preventDefault()
            move(dragged, i)
            setDragged(-1)
          }}
        >
          <span
            class="letter"
            draggable
            title="Drag to reorder"
            aria-hidden="true"
            onDragStart={(e) => {
              setDragged(i)
              e.dataTransfer?.setData('text/plain', t.text)
            }}
            onDragEnd={() => setDragged(-1)}
          >
            {String.fromCharCode(65 + (i % 26))}
          </span>
          <Editor
            value={t.text}
            problem={t.off ? undefined : props.problems.get(t.text.trim())}
            label={`Target ${i + 1}`}
            select={select?.i === i ? select.range : null}
            onChange={(text) => {
              setSelect(null)
              if (text.trim()) replace(i, { ...t, text })
              else replace(i)
            }}
          />
          <div class="tools">
            <Popover label={`Put target ${i + 1} into a function`} button={<Icon name="fx" />} align="right" class="fx">
              {(close) => (
                <FunctionMenu
                  onChoose={(f) => {
                    const { text, select: range } = wrap(f, t.text)
                    replace(i, { ...t, text })
                    close()
                    setSelect(range ? { i, range } : null)
                  }}
                />
              )}
            </Popover>
            <IconButton
              icon={t.off ? 'hidden' : 'eye'}
              label={t.off ? 'Show' : 'Hide'}
              pressed={t.off ?? false}
              onClick={() => replace(i, { ...t, off: !t.off })}
            />
            <Popover label={`More for target ${i + 1}`} button={<Icon name="more" />} align="right">
              {(close) => {
                const item = menuItems(close)
                return (
                  <div class="items">
                    {item('up', 'Move up', () => move(i, i - 1), i === 0)}
                    {item('lower', 'Move down', () => move(i, i + 1), i === targets.length - 1)}
                    {item('copy', 'Duplicate', () => replace(i, t, { ...t }))}
                    {item('close', 'Only this', () => onChange([t]), targets.length === 1)}
                    {item('trash', 'Remove', () => replace(i))}
                  </div>
                )
              }}
            </Popover>
          </div>
        </div>
      ))}
      <NewTarget onAdd={(text) => onChange([...targets, { text }])} />
    </div>
  )
}

function NewTarget(props: { onAdd: (text: string) => void }) {
  return (
    <div class="target new">
      <span class="letter" aria-hidden="true">
        <Icon name="plus" />
      </span>
      <Editor
        clears
        value=""
        problem={undefined}
        label="Another target"
        placeholder="Another target: a metric, a pattern, or a function of them"
        onChange={(text) => {
          if (text.trim()) props.onAdd(text.trim())
        }}
      />
    </div>
  )
}
