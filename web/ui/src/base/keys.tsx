import { useEffect, useState } from 'preact/hooks'
import { Dialog } from './ui'

const keys: [keys: string, what: string][] = [
  ['/', 'search'],
  ['arrows, Enter', 'in the tree: move, open, plot'],
  ['Ctrl+Space', 'in a target: ways to go on'],
  ['Tab or Enter', 'take the suggestion that is marked'],
  ['drag', 'in a chart: zoom'],
  ['Shift+drag', 'in a chart: pan'],
  ['Alt+click', 'on a series: see it alone'],
  ['arrows', 'on a title, while a dashboard is edited: move the graph'],
  ['Shift+arrows', 'the same: resize it'],
  ['Escape', 'close, leave the wall'],
  ['?', 'this list'],
]

function typing(e: KeyboardEvent): boolean {
  return e.target instanceof HTMLElement && e.target.closest('input, textarea, select, dialog') !== null
}

// Keys leads to the search box by /, and to the list of keys by ?.
export function Keys() {
  const [shown, setShown] = useState(false)
  useEffect(() => {
    const key = (e: KeyboardEvent) => {
      if (typing(e) || e.ctrlKey || e.metaKey || e.altKey) return
      if (e.key === '?') setShown(true)
      else if (e.key === '/') {
        const search = document.querySelector<HTMLInputElement>('#search, input[type=search]')
        if (!search) return
        document.querySelector<HTMLElement>('.pane-toggle[aria-expanded="false"]')?.click()
        search.focus()
        search.select()
      } else return
      e.preventDefault()
    }
    addEventListener('keydown', key)
    return () => removeEventListener('keydown', key)
  }, [])
  if (!shown) return null
  return (
    <Dialog title="Keys" onClose={() => setShown(false)}>
      <table class="keys">
        <tbody>
          {keys.map(([k, what]) => (
            <tr key={`${k} ${what}`}>
              <th scope="row">
                <kbd>{k}</kbd>
              </th>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  )
}
