import { useEffect, useState } from 'preact/hooks'

// Store holds a value. Components that follow it redraw when it changes.
export interface Store<T> {
  get(): T
  set(value: T): void
  follow(f: () => void): () => void // returns a function that stops following
}

export function store<T>(value: T): Store<T> {
  const followers = new Set<() => void>()
  return {
    get: () => value,
    set(next) {
      if (next === value) return
      value = next
      for (const f of [...followers]) f()
    },
    follow(f) {
      followers.add(f)
      return () => followers.delete(f)
    },
  }
}

// useStore returns the value of a store and redraws the component when it changes.
export function useStore<T>(s: Store<T>): T {
  const [, redraw] = useState({})
  useEffect(() => s.follow(() => redraw({})), [s])
  return s.get()
}

// remembered returns a store whose value is kept in the browser's local storage.
export function remembered(name: string, initial: string): Store<string> {
  const key = `carbon.${name}`
  let first = initial
  try {
    first = localStorage.getItem(key) ?? initial
  } catch {
    // Local storage is disabled.
  }
  const s = store(first)
  s.follow(() => {
    try {
      localStorage.setItem(key, s.get())
    } catch {
      // Local storage is disabled or full.
    }
  })
  return s
}
