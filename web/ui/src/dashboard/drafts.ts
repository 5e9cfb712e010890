import type { Dashboard } from './model'

// What is changed of dashboards and not saved, by name. It stays while other pages of
// the application are looked at; the browser asks before it is lost with the page.
const drafts = new Map<string, Dashboard>()

const warn = (e: BeforeUnloadEvent) => e.preventDefault()

export function draftOf(name: string): Dashboard | null {
  return drafts.get(name) ?? null
}

// keepDraft remembers what is changed; null forgets it.
export function keepDraft(name: string, changed: Dashboard | null): void {
  if (changed) drafts.set(name, changed)
  else drafts.delete(name)
  if (drafts.size) addEventListener('beforeunload', warn)
  else removeEventListener('beforeunload', warn)
}
