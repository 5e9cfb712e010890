import { config } from './config'
import { parse } from './json'
import { query } from './router'
import { store } from './store'

// Failure is an answer that is none: its text is for the reader.
export class Failure extends Error {
  constructor(
    readonly status: number,
    text: string,
  ) {
    super(text)
  }
}

// The admin token, asked for when the server wants one, and forgotten with the page.
let token = ''
export interface TokenWanted {
  give: (token: string | null) => void
}
export const tokenWanted = store<TokenWanted | null>(null)

let asking: Promise<string | null> | null = null

// askForToken asks once, however many requests wait for what is said.
function askForToken(): Promise<string | null> {
  asking ??= new Promise((resolve) => {
    tokenWanted.set({
      give: (given) => {
        tokenWanted.set(null)
        asking = null
        resolve(given)
      },
    })
  })
  return asking
}

async function ask(path: string, init: RequestInit, retry = true): Promise<Response> {
  const headers = new Headers(init.headers)
  if (!headers.has('Accept')) headers.set('Accept', 'application/json, */*')
  const used = token
  if (used) headers.set('Authorization', `Bearer ${used}`)
  let response: Response
  try {
    response = await fetch(config.prefix + path, { ...init, headers, credentials: 'same-origin', cache: 'no-cache' })
  } catch (e) {
    if (e instanceof DOMException && e.name === 'AbortError') throw e
    throw new Failure(0, 'The server does not answer. Trying again.')
  }
  if (response.ok) return response
  if (response.status === 401 && retry) {
    const given = token !== used ? token : await askForToken()
    if (given) {
      token = given
      return ask(path, init)
    }
  }
  if (response.status === 401) token = ''
  const text = await response.text()
  throw new Failure(response.status, reason(text) || `${response.status} ${response.statusText}`)
}

function reason(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown }
    if (typeof error === 'string') return error
  } catch {
    // text, then
  }
  return text.trim().slice(0, 1000)
}

type Params = Iterable<[string, string]>

// longest is how long an address may be; longer ones are sent as forms.
const longest = 4000

export async function getText(path: string, params: Params = [], signal?: AbortSignal): Promise<string> {
  const q = query(params)
  const response =
    q.length <= longest
      ? await ask(path + q, { signal })
      : await ask(path, { method: 'POST', body: new URLSearchParams([...params]), signal })
  return response.text()
}

export async function getJSON<T>(path: string, params: Params = [], signal?: AbortSignal): Promise<T> {
  const text = await getText(path, params, signal)
  return parse(text) as T
}

// post sends a form. A refusal that graphite-web gives with 200 is a failure.
export async function post<T>(path: string, form: Params): Promise<T> {
  const response = await ask(path, { method: 'POST', body: new URLSearchParams([...form]) })
  return refused(await response.text()) as T
}

export async function postJSON<T>(path: string, value: unknown): Promise<T> {
  const response = await ask(path, {
    method: 'POST',
    body: JSON.stringify(value),
    headers: { 'Content-Type': 'application/json' },
  })
  return refused(await response.text()) as T
}

export async function getChecked<T>(path: string, params: Params = []): Promise<T> {
  return refused(await getText(path, params)) as T
}

function refused(text: string): unknown {
  if (text === '') return null
  const value = JSON.parse(text) as { error?: unknown } | null
  if (value && typeof value === 'object' && typeof value.error === 'string') throw new Failure(400, value.error)
  return value
}

export function message(e: unknown): string {
  return e instanceof Error ? e.message : String(e)
}

export function aborted(e: unknown): boolean {
  return e instanceof DOMException && e.name === 'AbortError'
}
