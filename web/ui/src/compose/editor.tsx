import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { aborted } from '../base/api'
import { type Context, check, context, type Problem } from '../graph/syntax'
import { type Suggestion, suggest } from './complete'
import { type Func, functions } from './functions'
import { Highlighted } from './highlight'
import { Signature } from './signature'
import { SuggestionList } from './suggestions'

const pause = 600 // milliseconds without a key before a changed target is drawn

interface EditorProps {
  value: string
  problem: Problem | undefined
  label: string
  placeholder?: string
  onChange: (text: string) => void // when the user presses Enter, leaves the editor, or pauses
  clears?: boolean // adds targets: it does not report pauses, and is empty after each change
  select?: [number, number] | null // range to select
}

// Editor edits one target. It highlights the syntax, marks the position of an error, and
// suggests completions.
export function Editor(props: EditorProps) {
  const { problem } = props
  const id = useId()
  const area = useRef<HTMLTextAreaElement>(null)
  const [focused, setFocused] = useState(false)
  const suggestions = useSuggestions()
  const { list, selected, help } = suggestions
  const { text, setText, send } = useText(props, suggestions.close)
  useArea(area, text, props.select)

  const { insert, key } = useActions(area, text, setText, send, suggestions)
  return (
    <div class={`editor ${problem ? 'wrong' : ''}`}>
      <div class="code">
        <pre aria-hidden="true">
          <Highlighted text={text} problem={problem} />{' '}
        </pre>
        <textarea
          ref={area}
          rows={1}
          value={text}
          placeholder={props.placeholder}
          aria-label={props.label}
          role="combobox"
          aria-expanded={list !== null}
          aria-controls={list ? `${id}-list` : undefined}
          aria-autocomplete="list"
          aria-activedescendant={list ? `${id}-${selected}` : undefined}
          aria-invalid={problem !== undefined}
          aria-describedby={problem ? `${id}-problem` : undefined}
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          onInput={(e) => {
            const t = e.currentTarget.value.replace(/\n/g, '')
            setText(t)
            suggestions.open(t, Math.min(e.currentTarget.selectionStart, t.length))
          }}
          onKeyDown={key}
          onClick={(e) => suggestions.showHelp(text, e.currentTarget.selectionStart)}
          onFocus={() => setFocused(true)}
          onBlur={() => {
            setFocused(false)
            suggestions.close()
            send(text)
          }}
        />
      </div>
      {problem && (
        <p class="problem" id={`${id}-problem`} role="alert">
          {problem.text}
        </p>
      )}
      {focused && (list || help) && (
        <div class="choices" onMouseDown={(e) => e.preventDefault()}>
          {help && <Signature {...help} />}
          {list && <SuggestionList id={id} list={list.list} selected={selected} onChoose={insert} />}
        </div>
      )}
    </div>
  )
}

// useActions returns the function that inserts a suggestion, and the handler of keys.
function useActions(
  area: { current: HTMLTextAreaElement | null },
  text: string,
  setText: (text: string) => void,
  send: (text: string) => void,
  suggestions: ReturnType<typeof useSuggestions>,
) {
  const { list, selected } = suggestions
  const insert = (s: Suggestion) => {
    const { at } = list!
    const next = text.slice(0, at.start) + s.insert + text.slice(at.end)
    const cursor = at.start + s.insert.length
    setText(next)
    suggestions.close()
    requestAnimationFrame(() => {
      area.current!.focus()
      area.current!.setSelectionRange(cursor, cursor)
      if (s.kind !== 'metric' && s.kind !== 'value') suggestions.open(next, cursor)
    })
  }
  const key = (e: KeyboardEvent) => {
    if (list && (e.key === 'ArrowDown' || e.key === 'ArrowUp')) suggestions.move(e.key === 'ArrowDown' ? 1 : -1)
    else if (list && (e.key === 'Tab' || e.key === 'Enter')) insert(list.list[selected]!)
    else if (e.key === 'Escape') {
      suggestions.cancel()
      if (!list) return
      suggestions.close()
      e.stopPropagation()
    } else if (e.key === 'Enter') {
      suggestions.cancel()
      send(text)
    } else if (e.key === ' ' && e.ctrlKey) suggestions.open(text, area.current!.selectionStart)
    else return
    e.preventDefault()
  }
  return { insert, key }
}

// useText holds the text of an editor until it is sent with onChange.
function useText(props: EditorProps, onSend: () => void) {
  const [text, setText] = useState(props.value)
  const sent = useRef(props.value)
  const send = (t: string) => {
    if (t === sent.current) return
    if (props.clears) setText('')
    else sent.current = t
    onSend()
    props.onChange(t)
  }
  useEffect(() => {
    // A value from elsewhere replaces the text. A value that the editor sent does not,
    // because the user may have continued to type.
    if (props.value === sent.current) return
    sent.current = props.value
    setText(props.value)
  }, [props.value])
  useEffect(() => {
    if (text === sent.current || props.clears || check(text)) return
    const timer = setTimeout(() => send(text), pause)
    return () => clearTimeout(timer)
  }, [text])
  return { text, setText, send }
}

// useArea fits the height of the text area to its text, and selects a range.
function useArea(
  area: { current: HTMLTextAreaElement | null },
  text: string,
  select: [number, number] | null | undefined,
) {
  useEffect(() => {
    if (!select || !area.current) return
    area.current.focus()
    area.current.setSelectionRange(...select)
  }, [select, text])
  useLayoutEffect(() => {
    const a = area.current!
    a.style.height = 'auto'
    a.style.height = `${a.scrollHeight}px`
  }, [text])
}

// useSuggestions holds the list of suggestions and the function call at the cursor.
function useSuggestions() {
  const [list, setList] = useState<{ at: Context; list: Suggestion[] } | null>(null)
  const [selected, setSelected] = useState(0)
  const [help, setHelp] = useState<{ f: Func; argument: number } | null>(null)
  const [all, setAll] = useState(new Map<string, Func>())
  const stop = useRef(new AbortController())
  useEffect(() => {
    functions().then(setAll, () => {})
    return () => stop.current.abort()
  }, [])
  const cancel = () => stop.current.abort()
  const close = () => setList(null)
  const showHelp = (text: string, cursor: number) => {
    const at = context(text, cursor)
    const f = all.get(at.call)
    setHelp(f ? { f, argument: at.argument } : null)
  }
  const open = (text: string, cursor: number) => {
    cancel()
    stop.current = new AbortController()
    showHelp(text, cursor)
    suggest(text, cursor, all, stop.current.signal).then(
      (s) => {
        setList(s.list.length ? s : null)
        setSelected(0)
      },
      (e: unknown) => {
        if (!aborted(e)) close()
      },
    )
  }
  const move = (by: 1 | -1) => {
    const length = list?.list.length ?? 1
    setSelected((selected + by + length) % length)
  }
  return { list, selected, help, open, close, cancel, move, showHelp }
}
