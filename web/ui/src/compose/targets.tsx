import { useState } from 'preact/hooks'
import { Icon } from '../base/icon'
import { IconButton, menuItems, Popover } from '../base/ui'
import type { Target } from '../graph/state'
import type { Problem } from '../graph/syntax'
import { Editor } from './editor'
import { wrap } from './functions'
import { FunctionMenu } from './menu'

// Targets edits the list of targets. problems are by target.
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
          <Tools
            target={t}
            index={i}
            count={targets.length}
            onReplace={(...by) => replace(i, ...by)}
            onSelect={(range) => setSelect(range ? { i, range } : null)}
            onMove={(by) => move(i, i + by)}
            onOnly={() => onChange([t])}
          />
        </div>
      ))}
      <NewTarget onAdd={(text) => onChange([...targets, { text }])} />
    </div>
  )
}

// Tools are the buttons beside a target.
function Tools(props: {
  target: Target
  index: number
  count: number
  onReplace: (...by: Target[]) => void // by none: remove
  onSelect: (range: [number, number] | null) => void
  onMove: (by: number) => void
  onOnly: () => void
}) {
  const { target: t, index, count } = props
  return (
    <div class="tools">
      <Popover label={`Apply a function to target ${index + 1}`} button={<Icon name="fx" />} align="right" class="fx">
        {(close) => (
          <FunctionMenu
            onChoose={(f) => {
              const { text, select } = wrap(f, t.text)
              props.onReplace({ ...t, text })
              close()
              props.onSelect(select)
            }}
          />
        )}
      </Popover>
      <IconButton
        icon={t.off ? 'hidden' : 'eye'}
        label={t.off ? 'Show' : 'Hide'}
        pressed={t.off ?? false}
        onClick={() => props.onReplace({ ...t, off: !t.off })}
      />
      <Popover label={`More actions for target ${index + 1}`} button={<Icon name="more" />} align="right">
        {(close) => {
          const item = menuItems(close)
          return (
            <div class="items">
              {item('up', 'Move up', () => props.onMove(-1), index === 0)}
              {item('lower', 'Move down', () => props.onMove(1), index === count - 1)}
              {item('copy', 'Duplicate', () => props.onReplace(t, { ...t }))}
              {item('close', 'Remove all others', props.onOnly, count === 1)}
              {item('trash', 'Remove', () => props.onReplace())}
            </div>
          )
        }}
      </Popover>
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
        placeholder="Add a target: a metric, a pattern, or a function"
        onChange={(text) => {
          if (text.trim()) props.onAdd(text.trim())
        }}
      />
    </div>
  )
}
