import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { Icon, type IconName } from './icon'
import { store, useStore } from './store'

// Button with an icon and, for who does not see it, a name.
export function IconButton(props: {
  icon: IconName
  label: string
  onClick?: (e: MouseEvent) => void
  pressed?: boolean
  disabled?: boolean
  text?: string
  class?: string
}) {
  return (
    <button
      type="button"
      class={`icon-button ${props.class ?? ''}`}
      aria-label={props.text ? undefined : props.label}
      title={props.label}
      aria-pressed={props.pressed}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
      {props.text && <span>{props.text}</span>}
    </button>
  )
}

// menuItems makes the entries of a menu in a Popover, each of which closes it.
export const menuItems =
  (close: () => void) =>
  (icon: IconName, text: string, act: () => void, disabled = false) => (
    <button
      type="button"
      class="item"
      disabled={disabled}
      onClick={() => {
        close()
        act()
      }}
    >
      <Icon name={icon} />
      {text}
    </button>
  )

// Popover is a button and what opens below it. It closes by Escape and by a click
// elsewhere.
export function Popover(props: {
  label: string
  button: ComponentChildren
  class?: string
  align?: 'left' | 'right'
  children: (close: () => void) => ComponentChildren
}) {
  const [open, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const id = useId()
  const close = () => {
    setOpen(false)
    root.current?.querySelector('button')?.focus()
  }
  useEffect(() => {
    if (!open) return
    const out = (e: Event) => {
      if (!root.current?.contains(e.target as Node)) setOpen(false)
    }
    const key = (e: KeyboardEvent) => {
      if (e.key !== 'Escape') return
      e.stopPropagation()
      close()
    }
    document.addEventListener('pointerdown', out)
    root.current?.addEventListener('keydown', key)
    const focus = root.current?.querySelector<HTMLElement>(
      '.popover [autofocus], .popover input, .popover button, .popover a',
    )
    focus?.focus({ preventScroll: true })
    root.current?.querySelector('.popover')?.scrollIntoView({ block: 'nearest' })
    return () => {
      document.removeEventListener('pointerdown', out)
      root.current?.removeEventListener('keydown', key)
    }
  }, [open])
  return (
    <div class={`popover-root ${props.class ?? ''}`} ref={root}>
      <button
        type="button"
        class="icon-button"
        aria-label={props.label}
        title={props.label}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        {props.button}
      </button>
      {open && (
        <div class={`popover ${props.align === 'right' ? 'right' : ''}`} id={id}>
          {props.children(close)}
        </div>
      )}
    </div>
  )
}

// Dialog asks for something before all else goes on.
export function Dialog(props: { title: string; onClose: () => void; children: ComponentChildren; wide?: boolean }) {
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const d = ref.current!
    if (!d.open) d.showModal()
    return () => d.close()
  }, [])
  return (
    <dialog
      ref={ref}
      class={props.wide ? 'wide' : ''}
      aria-label={props.title}
      onCancel={(e) => {
        e.preventDefault()
        props.onClose()
      }}
      onClick={(e) => {
        if (e.target === ref.current) props.onClose()
      }}
    >
      <header>
        <h2>{props.title}</h2>
        <IconButton icon="close" label="Close" onClick={props.onClose} />
      </header>
      <div class="dialog-body">{props.children}</div>
    </dialog>
  )
}

interface Note {
  text: string
  bad: boolean
  undo?: () => void
}
const note = store<Note | null>(null)
let timer = 0

// tell shows a sentence for a moment.
export function tell(text: string, bad = false): void {
  clearTimeout(timer)
  note.set({ text, bad })
  timer = window.setTimeout(() => note.set(null), bad ? 8000 : 3000)
}

export function Notes() {
  const n = useStore(note)
  return (
    <div class="notes" role="status" aria-live="polite">
      {n && <p class={n.bad ? 'note bad' : 'note'}>{n.text}</p>}
    </div>
  )
}

// copy puts text where it can be pasted from, also on pages without TLS.
export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    const area = document.createElement('textarea')
    area.value = text
    const into = document.querySelector('dialog[open]') ?? document.body
    into.append(area)
    area.select()
    document.execCommand('copy')
    area.remove()
  }
  tell(`${what} copied`)
}

// Copyable is a text to take away.
export function Copyable(props: { label: string; text: string; open?: string }) {
  const id = useId()
  return (
    <div class="copyable">
      <label for={id}>{props.label}</label>
      <input id={id} readonly value={props.text} onFocus={(e) => e.currentTarget.select()} />
      <IconButton icon="copy" label={`Copy: ${props.label}`} onClick={() => void copy(props.text, props.label)} />
      {props.open ? (
        <a
          class="icon-button"
          href={props.open}
          target="_blank"
          rel="noreferrer"
          title={`Open: ${props.label}`}
          aria-label={`Open: ${props.label}`}
        >
          <Icon name="share" />
        </a>
      ) : (
        <span />
      )}
    </div>
  )
}

export function Failed(props: { text: string }) {
  return (
    <p class="failed" role="alert">
      {props.text}
    </p>
  )
}
