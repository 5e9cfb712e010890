import { config } from './config'
import { store } from './store'

// Where we are: a path below the server's prefix, and parameters. All state that
// is worth a bookmark stands here.
export interface Place {
  path: string
  params: URLSearchParams
}

// named is the path of a dashboard that graphite-web's address bar showed as
// /dashboard/#NAME, or as #NAME/VALUE of a template; empty: it is none.
export function named(path: string, hash: string): string {
  if (path !== '/dashboard' || hash.length < 2) return ''
  const plain = (text: string) => {
    try {
      return decodeURIComponent(text)
    } catch {
      return text
    }
  }
  return `/dashboard/${hash
    .slice(1)
    .split('/')
    .slice(0, 2)
    .map((part) => encodeURIComponent(plain(part)))
    .join('/')}`
}

function here(): Place {
  const { pathname, search } = window.location
  let path = pathname.startsWith(config.prefix) ? pathname.slice(config.prefix.length) : pathname
  path = path.replace(/\/+$/, '') || '/'
  const bookmark = named(path, window.location.hash)
  if (bookmark) {
    history.replaceState(null, '', config.prefix + bookmark + search)
    path = bookmark
  }
  return { path, params: new URLSearchParams(search) }
}

export const place = store<Place>(here())

addEventListener('popstate', () => place.set(here()))
addEventListener('hashchange', () => place.set(here()))

// query writes parameters so that targets stay readable.
export function query(params: Iterable<[string, string]>): string {
  const parts = [...params].map(([name, value]) => `${encode(name)}=${encode(value)}`)
  return parts.length ? `?${parts.join('&')}` : ''
}

function encode(text: string): string {
  return encodeURIComponent(text)
    .replace(/%(2C|3A|40|2F|24)/g, (c) => decodeURIComponent(c))
    .replace(/'/g, '%27')
}

export function url(path: string, params: Iterable<[string, string]> = []): string {
  return config.prefix + path + query(params)
}

export function go(path: string, params: Iterable<[string, string]> = [], replace = false): void {
  const address = url(path, params)
  if (address === window.location.pathname + window.location.search) return
  history[replace ? 'replaceState' : 'pushState'](null, '', address)
  place.set(here())
}

const ours = /^\/($|composer$|browser$|events$|server$|dashboard($|\/[^/]+(\/[^/]+)?$))/

// follow makes links within the application switch pages without loading one.
export function followLinks(): void {
  document.addEventListener('click', (e) => {
    if (e.defaultPrevented || e.button !== 0 || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return
    const link = e.target instanceof Element ? e.target.closest('a') : null
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return
    if (!link.pathname.startsWith(config.prefix)) return
    const path = link.pathname.slice(config.prefix.length).replace(/\/+$/, '') || '/'
    if (!ours.test(path) || link.hash) return
    e.preventDefault()
    history.pushState(null, '', link.href)
    place.set(here())
    scrollTo(0, 0)
  })
}
