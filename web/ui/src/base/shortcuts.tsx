import { useEffect, useState } from 'preact/hooks'
import { Dialog } from './ui'

const shortcuts: [keys: string, action: string][] = [
  ['/', 'Search metrics'],
  ['Arrow keys, Enter', 'Tree: move, open a branch, plot a metric'],
  ['Ctrl+Space', 'Target: show suggestions'],
  ['Tab or Enter', 'Target: insert the selected suggestion'],
  ['Drag', 'Chart: zoom in'],
  ['Shift+drag', 'Chart: move the time range'],
  ['Alt+click', 'Legend: show only this series'],
  ['Arrow keys', 'Title of a graph, while editing a dashboard: move the graph'],
  ['Shift+arrow keys', 'Title of a graph, while editing a dashboard: resize the graph'],
  ['Escape', 'Close, or leave full screen'],
  ['?', 'Show this list'],
]

// inInput reports whether the key goes to an input field or a dialog.
function inInput(e: KeyboardEvent): boolean {
  return e.target instanceof HTMLElement && e.target.closest('input, textarea, select, dialog') !== null
}

// Shortcuts handles the keys that work everywhere: / moves to the search box, ? lists the
// keyboard shortcuts.
export function Shortcuts() {
  const [shown, setShown] = useState(false)
  useEffect(() => {
    const key = (e: KeyboardEvent) => {
      if (inInput(e) || e.ctrlKey || e.metaKey || e.altKey) return
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
    <Dialog title="Keyboard shortcuts" onClose={() => setShown(false)}>
      <table class="keys">
        <tbody>
          {shortcuts.map(([keys, action]) => (
            <tr key={`${keys} ${action}`}>
              <th scope="row">
                <kbd>{keys}</kbd>
              </th>
              <td>{action}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  )
}
