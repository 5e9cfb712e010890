import { useEffect, useState } from 'preact/hooks'
import { compareNames } from '../base/format'
import { IconButton } from '../base/ui'
import { search, tagValues } from '../explore/nodes'
import { fill, type Variable } from './model'

const maxValues = 1000

// valuesOf returns the values that a variable can have: the last nodes that match its
// pattern, or the values of its tag. Its query can contain the variables before it.
async function valuesOf(v: Variable, before: Variable[], signal: AbortSignal): Promise<string[]> {
  const query = fill(v.query, before).trim()
  if (!query) return []
  const m = /^tag:\s*(\S+)\s*(.*)$/.exec(query)
  if (m) return tagValues(m[1]!, m[2]!.split(/\s+/).filter(Boolean), maxValues, signal)
  const found = await search(query, maxValues, signal)
  const names = new Set(found.nodes.map((n) => n.name))
  return [...names].sort(compareNames)
}

// VariableBar chooses the values of the variables.
export function VariableBar(props: { variables: Variable[]; onChange: (name: string, value: string) => void }) {
  return (
    <>
      {props.variables.map((v, i) => (
        <VariableSelect
          key={v.name}
          variable={v}
          before={props.variables.slice(0, i)}
          onChange={(value) => props.onChange(v.name, value)}
        />
      ))}
    </>
  )
}

function VariableSelect(props: { variable: Variable; before: Variable[]; onChange: (value: string) => void }) {
  const { variable } = props
  const [values, setValues] = useState<string[]>([])
  const query = fill(variable.query, props.before)
  useEffect(() => {
    const stop = new AbortController()
    valuesOf(variable, props.before, stop.signal).then(setValues, () => {})
    return () => stop.abort()
  }, [query])
  const known = variable.value === '*' || values.includes(variable.value)
  return (
    <label class="variable">
      <span>{variable.name}</span>
      <select value={variable.value} onChange={(e) => props.onChange(e.currentTarget.value)}>
        <option value="*">all</option>
        {!known && <option value={variable.value}>{variable.value}</option>}
        {values.map((v) => (
          <option value={v} key={v}>
            {v}
          </option>
        ))}
      </select>
    </label>
  )
}

// VariableEditor edits the list of variables.
export function VariableEditor(props: { variables: Variable[]; onChange: (variables: Variable[]) => void }) {
  const { variables, onChange } = props
  const set = (i: number, part: Partial<Variable>) =>
    onChange(variables.map((v, n) => (n === i ? { ...v, ...part } : v)))
  return (
    <div class="variables">
      <p class="hint">
        In targets and titles, <code>$name</code> is replaced with the chosen value. The values are the last nodes that
        match a pattern (<code>servers.*</code>), or the values of a tag (<code>tag: host</code>,{' '}
        <code>tag: host dc=eu</code>).
      </p>
      {variables.map((v, i) => (
        <div class="variable-row" key={i}>
          <input
            aria-label="Name"
            placeholder="host"
            value={v.name}
            onChange={(e) => set(i, { name: e.currentTarget.value.replace(/\W/g, '') })}
          />
          <input
            aria-label="Values from"
            placeholder="servers.*"
            value={v.query}
            spellcheck={false}
            onChange={(e) => set(i, { query: e.currentTarget.value })}
          />
          <IconButton
            icon="trash"
            label={`Remove ${v.name}`}
            onClick={() => onChange(variables.filter((_, n) => n !== i))}
          />
        </div>
      ))}
      <button
        type="button"
        class="quiet-button"
        onClick={() => onChange([...variables, { name: `var${variables.length + 1}`, query: '', value: '*' }])}
      >
        Add a variable
      </button>
    </div>
  )
}
