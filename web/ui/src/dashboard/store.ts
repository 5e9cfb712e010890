import { getChecked, post, postJSON } from '../base/api'
import { type Dashboard, readState, writeState } from './model'

// Requests of the dashboard API.

const at = (path: string, name: string) => `/dashboard/${path}/${encodeURIComponent(name)}`

// names returns the names of all dashboards.
export async function names(): Promise<string[]> {
  const answer = await getChecked<{ dashboards: { name: string }[] }>('/dashboard/find', [['query', '']])
  return answer.dashboards.map((d) => d.name)
}

// load loads a version of a dashboard; 0 is the latest.
export async function load(name: string, version = 0): Promise<Dashboard> {
  const answer = await getChecked<{ state: unknown }>(at('load', name), version ? [['version', String(version)]] : [])
  return readState(name, answer.state)
}

// loadTemplate loads a template of graphite-web with a value filled in.
export async function loadTemplate(name: string, value: string): Promise<Dashboard> {
  const answer = await getChecked<{ state: unknown }>(`${at('load_template', name)}/${encodeURIComponent(value)}`)
  return readState(name, answer.state)
}

export async function save(d: Dashboard): Promise<void> {
  await post(at('save', d.name), [['state', JSON.stringify(writeState(d))]])
}

// saveTemporary saves a dashboard under a generated name, which it returns.
export async function saveTemporary(d: Dashboard): Promise<string> {
  return (await post<{ name: string }>('/dashboard/create-temporary', [['state', JSON.stringify(writeState(d))]])).name
}

export async function remove(name: string): Promise<void> {
  await post(at('delete', name), [])
}

export interface Version {
  version: number
  epoch: number
  size: number
  deleted?: boolean
}

export async function history(name: string): Promise<Version[]> {
  return (await getChecked<{ versions: Version[] }>(at('history', name))).versions
}

export async function restore(name: string, version: number): Promise<void> {
  await post(at('restore', name), [['version', String(version)]])
}

export interface Imported {
  imported: number
  entries: { name: string; success: boolean; error?: string }[]
}

// importAll imports the output of graphite-web's dumpdata.
export async function importAll(value: unknown): Promise<Imported> {
  return postJSON('/dashboard/import', value)
}
