import { config } from './config'
import { parse } from './json'
import { query } from './router'
import { store } from './store'

// Failure is a request that failed. Its message is shown to the user. Status 0 means
// that the server did not respond.
export class Failure extends Error {
  constructor(
    readonly status: number,
    text: string,
  ) {
    super(text)
  }
}

// The admin token. The user enters it when the server requires one. It is lost when the
// page is closed.
let token = ''

export interface TokenRequest {
  answer: (token: string | null) => void // null: canceled
}

// tokenRequest is set while the user is asked for the admin token.
export const tokenRequest = store<TokenRequest | null>(null)

let asking: Promise<string | null> | null = null

// askForToken asks once, also when several requests need the token.
function askForToken(): Promise<string | null> {
  asking ??= new Promise((resolve) => {
    tokenRequest.set({
      answer: (given) => {
        tokenRequest.set(null)
        asking = null
        resolve(given)
      },
    })
  })
  return asking
}

async function send(path: string, init: RequestInit, retry = true): Promise<Response> {
  const headers = new Headers(init.headers)
  if (!headers.has('Accept')) headers.set('Accept', 'application/json, */*')
  const used = token
  if (used) headers.set('Authorization', `Bearer ${used}`)
  let response: Response
  try {
    response = await fetch(config.prefix + path, { ...init, headers, credentials: 'same-origin', cache: 'no-cache' })
  } catch (e) {
    if (aborted(e)) throw e
    throw new Failure(0, 'The server does not respond. Trying again.')
  }
  if (response.ok) return response
  if (response.status === 401 && retry) {
    const given = token !== used ? token : await askForToken()
    if (given) {
      token = given
      return send(path, init)
    }
  }
  if (response.status === 401) token = ''
  const text = await response.text()
  throw new Failure(response.status, reason(text) || `${response.status} ${response.statusText}`)
}

// reason returns the error message in the body of a response.
function reason(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown }
    if (typeof error === 'string') return error
  } catch {
    // The body is plain text.
  }
  return text.trim().slice(0, 1000)
}

export type Params = Iterable<[string, string]>

// Maximum length of a query string. Longer ones are sent as a form.
const maxQuery = 4000

export async function getText(path: string, params: Params = [], signal?: AbortSignal): Promise<string> {
  const q = query(params)
  const response =
    q.length <= maxQuery
      ? await send(path + q, { signal })
      : await send(path, { method: 'POST', body: new URLSearchParams([...params]), signal })
  return response.text()
}

export async function getJSON<T>(path: string, params: Params = [], signal?: AbortSignal): Promise<T> {
  const text = await getText(path, params, signal)
  return parse(text) as T
}

// post sends a form. An error in the body is a Failure even with status 200, as
// graphite-web's dashboard API reports errors.
export async function post<T>(path: string, form: Params): Promise<T> {
  const response = await send(path, { method: 'POST', body: new URLSearchParams([...form]) })
  return checked(await response.text()) as T
}

// postJSON sends a value as JSON and reports errors as post does.
export async function postJSON<T>(path: string, value: unknown): Promise<T> {
  const response = await send(path, {
    method: 'POST',
    body: JSON.stringify(value),
    headers: { 'Content-Type': 'application/json' },
  })
  return checked(await response.text()) as T
}

// getChecked is getJSON that reports errors as post does.
export async function getChecked<T>(path: string, params: Params = []): Promise<T> {
  return checked(await getText(path, params)) as T
}

// checked parses a body and throws the error in it.
function checked(text: string): unknown {
  if (text === '') return null
  const value = JSON.parse(text) as { error?: unknown } | null
  if (value && typeof value === 'object' && typeof value.error === 'string') throw new Failure(400, value.error)
  return value
}

// shortLink returns the complete short URL of a page.
export async function shortLink(path: string, params: Params): Promise<string> {
  const short = await getText(`/s${path}${query(params)}`)
  return location.origin + (short.startsWith(config.prefix) ? short : config.prefix + short)
}

// message returns the text of an error for the user.
export function message(e: unknown): string {
  return e instanceof Error ? e.message : String(e)
}

// aborted reports whether an error comes from an aborted request.
export function aborted(e: unknown): boolean {
  return e instanceof DOMException && e.name === 'AbortError'
}
