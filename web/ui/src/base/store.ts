import { useEffect, useState } from 'preact/hooks'

// A store holds a value that components follow.
export interface Store<T> {
  get(): T
  set(value: T): void
  follow(f: () => void): () => void
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

export function useStore<T>(s: Store<T>): T {
  const [, redraw] = useState({})
  useEffect(() => s.follow(() => redraw({})), [s])
  return s.get()
}

// remembered is a store whose value outlives the page, in this browser.
export function remembered(key: string, otherwise: string): Store<string> {
  let first = otherwise
  try {
    first = localStorage.getItem(`carbon.${key}`) ?? otherwise
  } catch {
    // a browser that keeps nothing
  }
  const s = store(first)
  s.follow(() => {
    try {
      localStorage.setItem(`carbon.${key}`, s.get())
    } catch {
      // as above
    }
  })
  return s
}
