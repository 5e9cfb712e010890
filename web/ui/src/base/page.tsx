import { useEffect, useRef, useState } from 'preact/hooks'
import { tokenWanted } from './api'
import { config } from './config'
import { Icon } from './icon'
import { url } from './router'
import { useStore } from './store'
import { theme } from './theme'
import { Dialog } from './ui'

const pages: [path: string, text: string, begins: RegExp][] = [
  ['/', 'Explore', /^\/($|composer|browser)/],
  ['/dashboard', 'Dashboards', /^\/dashboard/],
  ['/events', 'Events', /^\/events/],
  ['/server', 'Server', /^\/server/],
]

const nextTheme: Record<string, string> = { auto: 'light', light: 'dark', dark: 'auto' }

// Header leads to all pages.
export function Header(props: { path: string }) {
  const look = useStore(theme)
  return (
    <header class="top">
      <a class="brand" href={url('/')}>
        <img src={config.icon} alt="" width="20" height="20" />
        Carbon
      </a>
      <nav aria-label="Pages">
        {pages.map(([path, text, begins]) => (
          <a href={url(path)} aria-current={begins.test(props.path) ? 'page' : undefined} key={path}>
            {text}
          </a>
        ))}
      </nav>
      <button
        type="button"
        class="icon-button"
        aria-label={`Colors: ${look}. Change`}
        title={`Colors: ${look}`}
        onClick={() => theme.set(nextTheme[look] ?? 'auto')}
      >
        <Icon name={look === 'dark' ? 'moon' : look === 'light' ? 'sun' : 'auto'} />
      </button>
    </header>
  )
}

// AskForToken asks for the admin token when an answer wanted it.
export function AskForToken() {
  const wanted = useStore(tokenWanted)
  const [text, setText] = useState('')
  if (!wanted) return null
  return (
    <Dialog title="Admin token" onClose={() => wanted.give(null)}>
      <form
        class="fields"
        onSubmit={(e) => {
          e.preventDefault()
          wanted.give(text.trim() || null)
          setText('')
        }}
      >
        <p>
          This changes or deletes something, which needs the server’s <code>ADMIN_TOKEN</code>. It is kept until this
          page is closed.
        </p>
        <input
          type="password"
          aria-label="Admin token"
          autocomplete="off"
          autofocus
          value={text}
          onInput={(e) => setText(e.currentTarget.value)}
        />
        <div class="actions">
          <button type="button" class="quiet-button" onClick={() => wanted.give(null)}>
            Cancel
          </button>
          <button type="submit" class="strong">
            Continue
          </button>
        </div>
      </form>
    </Dialog>
  )
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} – Carbon` : 'Carbon'
  }, [title])
}

// useWidth follows the width of an element, in steps that keep requests alike.
export function useWidth(): [ref: { current: HTMLDivElement | null }, width: number] {
  const ref = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const watch = new ResizeObserver(() => setWidth(Math.ceil((ref.current?.clientWidth ?? 0) / 100) * 100))
    if (ref.current) watch.observe(ref.current)
    return () => watch.disconnect()
  }, [])
  return [ref, width]
}
