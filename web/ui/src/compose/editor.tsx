import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { aborted } from '../base/api'
import { type Context, check, context, type Problem, tokens } from '../graph/syntax'
import { type Choice, choices, parameter } from './complete'
import { type Func, functions, plain } from './functions'

// Editor edits one target: it colors what is typed, marks what is wrong where it
// is, and offers ways to go on.
export function Editor(props: {
  value: string
  problem: Problem | undefined
  label: string
  placeholder?: string
  onChange: (text: string) => void // when the reader is done, or pauses
  clears?: boolean // it is for one target after the other: each is sent by Enter or when the reader leaves
  select?: [number, number] | null // to be selected once
}) {
  const [text, setText] = useState(props.value)
  const [list, setList] = useState<{ at: Context; list: Choice[] } | null>(null)
  const [picked, setPicked] = useState(0)
  const [focused, setFocused] = useState(false)
  const [help, setHelp] = useState<{ f: Func; argument: number } | null>(null)
  const [all, setAll] = useState(new Map<string, Func>())
  const area = useRef<HTMLTextAreaElement>(null)
  const stop = useRef(new AbortController())
  const sent = useRef(props.value)
  const id = useId()

  useEffect(() => {
    functions().then(setAll, () => {})
    return () => stop.current.abort()
  }, [])
  useEffect(() => {
    // What came from elsewhere replaces what is shown; what came from here does not.
    if (props.value === sent.current) return
    sent.current = props.value
    setText(props.value)
  }, [props.value])
  useEffect(() => {
    if (text === sent.current || props.clears || check(text)) return
    const timer = setTimeout(() => send(text), 600)
    return () => clearTimeout(timer)
  }, [text])
  useEffect(() => {
    if (!props.select || !area.current) return
    area.current.focus()
    area.current.setSelectionRange(...props.select)
  }, [props.select, text])
  useLayoutEffect(() => {
    const a = area.current!
    a.style.height = 'auto'
    a.style.height = `${a.scrollHeight}px`
  }, [text])

  const send = (t: string) => {
    if (t === sent.current) return
    if (props.clears) setText('')
    else sent.current = t
    setList(null)
    props.onChange(t)
  }

  const offer = (t: string, cursor: number) => {
    stop.current.abort()
    stop.current = new AbortController()
    const at = context(t, cursor)
    const f = all.get(at.call)
    setHelp(f ? { f, argument: at.argument } : null)
    choices(t, cursor, all, stop.current.signal).then(
      (c) => {
        setList(c.list.length ? c : null)
        setPicked(0)
      },
      (e: unknown) => {
        if (!aborted(e)) setList(null)
      },
    )
  }

  const take = (c: Choice) => {
    const { at } = list!
    const next = text.slice(0, at.start) + c.insert + text.slice(at.end)
    const cursor = at.start + c.insert.length
    setText(next)
    setList(null)
    requestAnimationFrame(() => {
      const a = area.current!
      a.focus()
      a.setSelectionRange(cursor, cursor)
      if (c.kind !== 'metric' && c.kind !== 'value') offer(next, cursor)
    })
  }

  const key = (e: KeyboardEvent) => {
    if (list && (e.key === 'ArrowDown' || e.key === 'ArrowUp')) {
      setPicked((picked + (e.key === 'ArrowDown' ? 1 : list.list.length - 1)) % list.list.length)
      e.preventDefault()
    } else if (list && (e.key === 'Tab' || e.key === 'Enter')) {
      take(list.list[picked]!)
      e.preventDefault()
    } else if (e.key === 'Escape') {
      stop.current.abort()
      if (!list) return
      setList(null)
      e.preventDefault()
      e.stopPropagation()
    } else if (e.key === 'Enter') {
      e.preventDefault()
      stop.current.abort()
      send(text)
    } else if (e.key === ' ' && e.ctrlKey) {
      e.preventDefault()
      offer(text, area.current!.selectionStart)
    }
  }

  const param = help && parameter({ call: help.f.name, argument: help.argument } as Context, all)
  const active = list ? `${id}-${picked}` : undefined
  return (
    <div class={`editor ${props.problem ? 'wrong' : ''}`}>
      <div class="code">
        <pre aria-hidden="true">
          <Colored text={text} problem={props.problem} />{' '}
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
          aria-activedescendant={active}
          aria-invalid={props.problem !== undefined}
          aria-describedby={props.problem ? `${id}-problem` : undefined}
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          onInput={(e) => {
            const t = e.currentTarget.value.replace(/\n/g, '')
            setText(t)
            offer(t, Math.min(e.currentTarget.selectionStart, t.length))
          }}
          onKeyDown={key}
          onClick={(e) => {
            const f = all.get(context(text, e.currentTarget.selectionStart).call)
            setHelp(f ? { f, argument: context(text, e.currentTarget.selectionStart).argument } : null)
          }}
          onFocus={() => setFocused(true)}
          onBlur={() => {
            setFocused(false)
            setList(null)
            send(text)
          }}
        />
      </div>
      {props.problem && (
        <p class="problem" id={`${id}-problem`} role="alert">
          {props.problem.text}
        </p>
      )}
      {focused && (list || help) && (
        <div class="choices" onMouseDown={(e) => e.preventDefault()}>
          {help && (
            <div class="signature">
              <code>
                {help.f.name}(
                {help.f.params.map((p, i) => (
                  <span key={p.name}>
                    {i > 0 && ', '}
                    <span class={p === param ? 'current' : ''}>
                      {p.multiple ? '*' : ''}
                      {p.name}
                      {p.required ? '' : '?'}
                    </span>
                  </span>
                ))}
                )
              </code>
              {param && <span class="quiet"> {param.type}</span>}
              <p>{plain(help.f.description)}</p>
            </div>
          )}
          {list && <ChoiceList id={id} list={list.list} picked={picked} onTake={take} />}
        </div>
      )}
    </div>
  )
}

function ChoiceList(props: { id: string; list: Choice[]; picked: number; onTake: (c: Choice) => void }) {
  const ref = useRef<HTMLUListElement>(null)
  useEffect(() => {
    ref.current?.children[props.picked]?.scrollIntoView({ block: 'nearest' })
  }, [props.picked])
  return (
    <ul role="listbox" id={`${props.id}-list`} ref={ref} aria-label="Suggestions">
      {props.list.map((c, i) => (
        <li
          role="option"
          id={`${props.id}-${i}`}
          aria-selected={i === props.picked}
          key={c.insert}
          class={c.kind}
          onClick={() => props.onTake(c)}
        >
          <span>{c.text}</span>
          <span class="quiet">{c.about}</span>
        </li>
      ))}
    </ul>
  )
}

// Colored is a target with its tokens colored, and what is wrong underlined.
function Colored(props: { text: string; problem: Problem | undefined }) {
  const { text, problem } = props
  const parts = []
  let end = 0
  for (const t of tokens(text)) {
    if (t.at > end) parts.push(text.slice(end, t.at))
    end = t.at + t.text.length
    const wrong = problem !== undefined && problem.at >= t.at && problem.at < end
    parts.push(
      <span class={`t-${t.kind}${wrong ? ' t-wrong' : ''}`} key={t.at}>
        {t.text}
      </span>,
    )
  }
  parts.push(text.slice(end))
  if (problem && problem.at >= text.trimEnd().length && text) parts.push(<span class="t-wrong"> </span>)
  return <>{parts}</>
}
