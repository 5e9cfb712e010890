import { message } from '../base/api'
import { dashboardPath, go } from '../base/router'
import { absolute, windowOf } from '../base/time'
import { notify } from '../base/ui'
import type { Series } from '../graph/load'
import { type Dashboard, writeState } from './model'
import type { View } from './panel'
import { save, saveTemporary } from './store'

// saveDashboard saves a dashboard and reports whether it succeeded. It notifies the user
// in both cases.
export async function saveDashboard(d: Dashboard): Promise<boolean> {
  try {
    await save(d)
    notify(`Saved ${d.name}`)
    return true
  } catch (e) {
    notify(message(e), true)
    return false
  }
}

// openSnapshot saves the dashboard with the series that its panels show, and opens it.
export async function openSnapshot(d: Dashboard, view: View, series: Map<number, Series[]>): Promise<void> {
  try {
    const window = windowOf(view.range)
    const name = await saveTemporary({
      ...d,
      name: `${d.name} (snapshot)`,
      range: window ? absolute(...window) : view.range,
      refresh: 0,
      variables: view.variables,
      panels: d.panels.map((p) => ({ ...p, frozen: series.get(p.id) ?? [] })),
    })
    go(dashboardPath(name))
    notify('Snapshot created. Share it by its address.')
  } catch (e) {
    notify(message(e), true)
  }
}

// titleOf returns the title of a dashboard. A snapshot has a generated name and keeps its
// title in its state.
export function titleOf(d: Dashboard): string {
  return d.name.startsWith('temporary-') && typeof d.rest.name === 'string' ? d.rest.name : d.name
}

// download exports a dashboard as a JSON file.
export function download(d: Dashboard): void {
  const link = document.createElement('a')
  const blob = new Blob([JSON.stringify({ name: d.name, state: writeState(d) }, null, 2)], {
    type: 'application/json',
  })
  link.href = URL.createObjectURL(blob)
  link.download = `${d.name.replace(/[^\w.-]+/g, '_')}.json`
  link.click()
  URL.revokeObjectURL(link.href)
}
