import { remembered, store } from './store'

// The reader's choice: auto is the system's.
export const theme = remembered('theme', 'auto')

const system = matchMedia('(prefers-color-scheme: dark)')

function isDark(): boolean {
  return theme.get() === 'auto' ? system.matches : theme.get() === 'dark'
}

export const dark = store(isDark())

function apply(): void {
  dark.set(isDark())
  document.documentElement.dataset.theme = dark.get() ? 'dark' : 'light'
}

theme.follow(apply)
system.addEventListener('change', apply)
apply()
