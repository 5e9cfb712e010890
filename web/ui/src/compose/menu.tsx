import { useEffect, useState } from 'preact/hooks'
import { type Func, functions, plain } from './functions'

// FunctionMenu lists the functions by group.
export function FunctionMenu(props: { onChoose: (f: Func) => void }) {
  const [all, setAll] = useState<Func[]>([])
  const [text, setText] = useState('')
  useEffect(() => {
    functions().then(
      (m) => setAll([...m.values()]),
      () => {},
    )
  }, [])
  const lower = text.trim().toLowerCase()
  const groups = new Map<string, Func[]>()
  for (const f of all) {
    if (
      lower &&
      !f.name.toLowerCase().includes(lower) &&
      !f.group.toLowerCase().includes(lower) &&
      !plain(f.description).toLowerCase().includes(lower)
    )
      continue
    groups.set(f.group, [...(groups.get(f.group) ?? []), f])
  }
  const first = [...groups.values()][0]?.[0]
  return (
    <div class="functions">
      <input
        type="search"
        autofocus
        placeholder="Find a function"
        aria-label="Find a function"
        value={text}
        onInput={(e) => setText(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key === 'Enter' && first && lower) {
            e.preventDefault()
            props.onChoose(first)
          }
        }}
      />
      <div class="scroll" tabIndex={0} role="group" aria-label="Functions">
        {[...groups]
          .sort(([a], [b]) => a.localeCompare(b))
          .map(([group, list]) => (
            <section key={group}>
              <h3>{group}</h3>
              {list
                .sort((a, b) => a.name.localeCompare(b.name))
                .map((f) => (
                  <button type="button" class="plain" key={f.name} onClick={() => props.onChoose(f)}>
                    <code>{f.name}</code>
                    <span class="quiet">{plain(f.description)}</span>
                  </button>
                ))}
            </section>
          ))}
        {all.length > 0 && groups.size === 0 && <p class="hint">No function found.</p>}
      </div>
    </div>
  )
}
