import { useEffect, useRef, useState } from 'preact/hooks'
import { tokenRequest } from './api'
import { config } from './config'
import { Icon } from './icon'
import { url } from './router'
import { useStore } from './store'
import { theme } from './theme'
import { Dialog, Form } from './ui'

const pages: [path: string, text: string, current: RegExp][] = [
  ['/', 'Explore', /^\/($|composer|browser)/],
  ['/dashboard', 'Dashboards', /^\/dashboard/],
  ['/events', 'Events', /^\/events/],
  ['/server', 'Server', /^\/server/],
]

const nextTheme: Record<string, string> = { auto: 'light', light: 'dark', dark: 'auto' }

// Header links to all pages.
export function Header(props: { path: string }) {
  const chosen = useStore(theme)
  return (
    <header class="top">
      <a class="brand" href={url('/')}>
        <img src={config.icon} alt="" width="20" height="20" />
        Carbon
      </a>
      <nav aria-label="Pages">
        {pages.map(([path, text, current]) => (
          <a href={url(path)} aria-current={current.test(props.path) ? 'page' : undefined} key={path}>
            {text}
          </a>
        ))}
      </nav>
      <button
        type="button"
        class="icon-button"
        aria-label={`Theme: ${chosen}. Change theme`}
        title={`Theme: ${chosen}`}
        onClick={() => theme.set(nextTheme[chosen] ?? 'auto')}
      >
        <Icon name={chosen === 'dark' ? 'moon' : chosen === 'light' ? 'sun' : 'auto'} />
      </button>
    </header>
  )
}

// TokenDialog asks for the admin token when a request needs it.
export function TokenDialog() {
  const request = useStore(tokenRequest)
  const [text, setText] = useState('')
  if (!request) return null
  const cancel = () => request.answer(null)
  return (
    <Dialog title="Admin token" onClose={cancel}>
      <Form
        submit="Continue"
        onCancel={cancel}
        onSubmit={() => {
          request.answer(text.trim() || null)
          setText('')
        }}
      >
        <p>
          This action requires the server’s admin token (<code>ADMIN_TOKEN</code>). It is kept until you close this
          page.
        </p>
        <input
          type="password"
          aria-label="Admin token"
          autocomplete="off"
          autofocus
          value={text}
          onInput={(e) => setText(e.currentTarget.value)}
        />
      </Form>
    </Dialog>
  )
}

// useTitle sets the title of the browser window.
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} – Carbon` : 'Carbon'
  }, [title])
}

// useWidth returns the width of an element, rounded up to 100 pixels so that requests do
// not change with every pixel.
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
