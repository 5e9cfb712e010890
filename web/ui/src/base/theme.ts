import { remembered, store } from './store'

// The user's choice: light, dark, or auto for the system's setting.
export const theme = remembered('theme', 'auto')

const system = matchMedia('(prefers-color-scheme: dark)')

function isDark(): boolean {
  return theme.get() === 'auto' ? system.matches : theme.get() === 'dark'
}

// dark holds whether the page is dark.
export const dark = store(isDark())

function apply(): void {
  dark.set(isDark())
  document.documentElement.dataset.theme = dark.get() ? 'dark' : 'light'
}

theme.follow(apply)
system.addEventListener('change', apply)
apply()
