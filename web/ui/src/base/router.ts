import { config } from './config'
import { store } from './store'

// Place is what the address bar shows: a path below the server's prefix, and parameters.
// All state worth a bookmark is in the parameters.
export interface Place {
  path: string
  params: URLSearchParams
}

// decode undoes percent-encoding. It returns malformed text unchanged.
export function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

// dashboardPath returns the path of a dashboard's page.
export const dashboardPath = (name: string) => `/dashboard/${encodeURIComponent(name)}`

// dashboardOf returns the path of the dashboard in a bookmark of graphite-web:
// /dashboard/#NAME, or /dashboard/#NAME/VALUE for a template. It returns an empty string
// for other addresses.
export function dashboardOf(path: string, hash: string): string {
  if (path !== '/dashboard' || hash.length < 2) return ''
  const parts = hash.slice(1).split('/').slice(0, 2)
  return `/dashboard/${parts.map((part) => encodeURIComponent(decode(part))).join('/')}`
}

// pathBelowPrefix removes the server's prefix and trailing slashes.
function pathBelowPrefix(pathname: string): string {
  const path = pathname.startsWith(config.prefix) ? pathname.slice(config.prefix.length) : pathname
  return path.replace(/\/+$/, '') || '/'
}

function currentPlace(): Place {
  const { pathname, search } = window.location
  let path = pathBelowPrefix(pathname)
  const bookmark = dashboardOf(path, window.location.hash)
  if (bookmark) {
    history.replaceState(null, '', config.prefix + bookmark + search)
    path = bookmark
  }
  return { path, params: new URLSearchParams(search) }
}

export const place = store<Place>(currentPlace())

addEventListener('popstate', () => place.set(currentPlace()))
addEventListener('hashchange', () => place.set(currentPlace()))

// query returns a query string in which targets stay readable.
export function query(params: Iterable<[string, string]>): string {
  const parts = [...params].map(([name, value]) => `${encode(name)}=${encode(value)}`)
  return parts.length ? `?${parts.join('&')}` : ''
}

function encode(text: string): string {
  return encodeURIComponent(text)
    .replace(/%(2C|3A|40|2F|24)/g, (c) => decodeURIComponent(c))
    .replace(/'/g, '%27')
}

// url returns a URL without scheme and host.
export function url(path: string, params: Iterable<[string, string]> = []): string {
  return config.prefix + path + query(params)
}

// completeURL returns a URL with scheme and host.
export function completeURL(path: string, params: Iterable<[string, string]> = []): string {
  return location.origin + url(path, params)
}

// changed returns a copy of params with some set, and those that are null removed.
export function changed(
  params: Iterable<[string, string]>,
  changes: Record<string, string | null>,
): Map<string, string> {
  const all = new Map(params)
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) all.delete(name)
    else all.set(name, value)
  }
  return all
}

// go opens a page of the application. With replace, it adds no entry to the history.
export function go(path: string, params: Iterable<[string, string]> = [], replace = false): void {
  const address = url(path, params)
  if (address === window.location.pathname + window.location.search) return
  history[replace ? 'replaceState' : 'pushState'](null, '', address)
  place.set(currentPlace())
}

// Paths of the application's pages.
const pages = /^\/($|composer$|browser$|events$|server$|dashboard($|\/[^/]+(\/[^/]+)?$))/

// followLinks opens links to pages of the application without loading a new document.
export function followLinks(): void {
  document.addEventListener('click', (e) => {
    if (e.defaultPrevented || e.button !== 0 || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return
    const link = e.target instanceof Element ? e.target.closest('a') : null
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return
    if (!link.pathname.startsWith(config.prefix)) return
    if (!pages.test(pathBelowPrefix(link.pathname)) || link.hash) return
    e.preventDefault()
    history.pushState(null, '', link.href)
    place.set(currentPlace())
    scrollTo(0, 0)
  })
}
