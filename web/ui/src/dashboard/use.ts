import { useEffect, useMemo, useState } from 'preact/hooks'
import { message } from '../base/api'
import { refreshOf } from '../base/range'
import { rangeOf } from '../base/time'
import { draftOf, keepDraft } from './drafts'
import type { Dashboard } from './model'
import type { View } from './panel'
import { load, loadTemplate } from './store'

// Address identifies a dashboard. value is the value of a template; version 0 is the
// latest.
export interface Address {
  name: string
  value: string | undefined
  version: number
}

// useDashboard loads a dashboard. changed holds its changes until they are saved.
export function useDashboard({ name, value, version }: Address) {
  const [stored, setStored] = useState<Dashboard | null>(null)
  const [changed, setChanged] = useState<Dashboard | null>(null)
  const [failure, setFailure] = useState('')
  const [reloads, setReloads] = useState(0)
  const isLatest = version === 0 && value === undefined
  useEffect(() => {
    setChanged(isLatest ? draftOf(name) : null)
    setFailure('')
    const answer = value === undefined ? load(name, version) : loadTemplate(name, value)
    answer.then(setStored, (e: unknown) => {
      setStored(null)
      setFailure(message(e))
    })
  }, [name, value, version, reloads])
  return {
    dashboard: changed ?? stored,
    isChanged: changed !== null,
    failure,
    setStored,
    // change replaces the dashboard; null discards all changes.
    change: (next: Dashboard | null) => {
      setChanged(next)
      if (isLatest || next === null) keepDraft(name, next)
    },
    reload: () => setReloads(reloads + 1),
  }
}

// useSettings returns time range, variables and refresh interval. Parameters of the page
// have priority over the dashboard.
export function useSettings(
  params: URLSearchParams,
  d: Dashboard,
): Pick<View, 'range' | 'tz' | 'variables' | 'refresh' | 'events'> {
  const range = useMemo(
    () => (params.has('from') || params.has('until') ? rangeOf(params) : d.range),
    [params, d.range],
  )
  const variables = useMemo(
    () => d.variables.map((v) => ({ ...v, value: params.get(variableParam(v.name)) ?? v.value })),
    [params, d.variables],
  )
  return {
    range,
    variables,
    tz: params.get('tz') ?? d.tz,
    refresh: refreshOf(params, d.refresh),
    events: params.get('events'),
  }
}

// variableParam returns the parameter of the page that holds the value of a variable.
export const variableParam = (name: string) => `var-${name}`
