import { useEffect, useRef } from 'preact/hooks'
import type { Suggestion } from './complete'

// SuggestionList lists the suggestions of an editor. id is the prefix of the elements'
// ids.
export function SuggestionList(props: {
  id: string
  list: Suggestion[]
  selected: number
  onChoose: (s: Suggestion) => void
}) {
  const ref = useRef<HTMLUListElement>(null)
  useEffect(() => {
    ref.current?.children[props.selected]?.scrollIntoView({ block: 'nearest' })
  }, [props.selected])
  return (
    <ul role="listbox" id={`${props.id}-list`} ref={ref} aria-label="Suggestions">
      {props.list.map((s, i) => (
        <li
          role="option"
          id={`${props.id}-${i}`}
          aria-selected={i === props.selected}
          key={s.insert}
          class={s.kind}
          onClick={() => props.onChoose(s)}
        >
          <span>{s.text}</span>
          <span class="quiet">{s.about}</span>
        </li>
      ))}
    </ul>
  )
}
