import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { Icon, type IconName } from './icon'
import { store, useStore } from './store'

// IconButton is a button with an icon. label is its tooltip and, without text, its
// accessible name.
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

// menuItems returns a function that makes the entries of a menu in a Popover. An entry
// closes the menu and runs its action.
export const menuItems =
  (close: () => void) =>
  (icon: IconName, text: string, action: () => void, disabled = false) => (
    <button
      type="button"
      class="item"
      disabled={disabled}
      onClick={() => {
        close()
        action()
      }}
    >
      <Icon name={icon} />
      {text}
    </button>
  )

// Popover is a button that opens a box below it. Escape and a click elsewhere close it.
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
    const clicked = (e: Event) => {
      if (!root.current?.contains(e.target as Node)) setOpen(false)
    }
    const key = (e: KeyboardEvent) => {
      if (e.key !== 'Escape') return
      e.stopPropagation()
      close()
    }
    document.addEventListener('pointerdown', clicked)
    root.current?.addEventListener('keydown', key)
    const focus = root.current?.querySelector<HTMLElement>(
      '.popover [autofocus], .popover input, .popover button, .popover a',
    )
    focus?.focus({ preventScroll: true })
    root.current?.querySelector('.popover')?.scrollIntoView({ block: 'nearest' })
    return () => {
      document.removeEventListener('pointerdown', clicked)
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

// Dialog is a modal dialog.
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

// Form is the form in a dialog: fields, and a button that submits them.
export function Form(props: {
  submit: string // text of the button
  disabled?: boolean
  failure?: string
  onSubmit: () => void
  onCancel?: () => void
  children: ComponentChildren
}) {
  return (
    <form
      class="fields"
      onSubmit={(e) => {
        e.preventDefault()
        props.onSubmit()
      }}
    >
      {props.failure && <ErrorText text={props.failure} />}
      {props.children}
      <div class="actions">
        {props.onCancel && (
          <button type="button" class="quiet-button" onClick={props.onCancel}>
            Cancel
          </button>
        )}
        <button type="submit" class="strong" disabled={props.disabled}>
          {props.submit}
        </button>
      </div>
    </form>
  )
}

// Tabs chooses one of a few values.
export function Tabs<T extends string>(props: {
  label: string
  tabs: [value: T, text: ComponentChildren][]
  value: T
  onChange: (value: T) => void
}) {
  return (
    <div class="tabs" role="group" aria-label={props.label}>
      {props.tabs.map(([value, text]) => (
        <button type="button" key={value} aria-pressed={props.value === value} onClick={() => props.onChange(value)}>
          {text}
        </button>
      ))}
    </div>
  )
}

interface Notice {
  text: string
  bad: boolean
}
const notice = store<Notice | null>(null)
let timer = 0

// notify shows a notice for a few seconds; bad marks an error.
export function notify(text: string, bad = false): void {
  clearTimeout(timer)
  notice.set({ text, bad })
  timer = window.setTimeout(() => notice.set(null), bad ? 8000 : 3000)
}

// Notices shows the notice of notify.
export function Notices() {
  const n = useStore(notice)
  return (
    <div class="notes" role="status" aria-live="polite">
      {n && <p class={n.bad ? 'note bad' : 'note'}>{n.text}</p>}
    </div>
  )
}

// copy copies text to the clipboard, also on pages without TLS.
export async function copy(text: string, label: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    const area = document.createElement('textarea')
    area.value = text
    const parent = document.querySelector('dialog[open]') ?? document.body
    parent.append(area)
    area.select()
    document.execCommand('copy')
    area.remove()
  }
  notify(`Copied: ${label}`)
}

// Copyable is a read-only text with a button that copies it, and one that opens it if
// open is a URL.
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

// ErrorText is an error message.
export function ErrorText(props: { text: string }) {
  return (
    <p class="failed" role="alert">
      {props.text}
    </p>
  )
}
