import type { Dashboard } from './model'

// Changed dashboards that are not saved, by name. They stay while the user visits other
// pages of the application. The browser asks before it closes the page and loses them.
const drafts = new Map<string, Dashboard>()

const warn = (e: BeforeUnloadEvent) => e.preventDefault()

// draftOf returns the changed dashboard, or null if nothing has changed.
export function draftOf(name: string): Dashboard | null {
  return drafts.get(name) ?? null
}

// keepDraft stores a changed dashboard; null discards it.
export function keepDraft(name: string, changed: Dashboard | null): void {
  if (changed) drafts.set(name, changed)
  else drafts.delete(name)
  if (drafts.size) addEventListener('beforeunload', warn)
  else removeEventListener('beforeunload', warn)
}
