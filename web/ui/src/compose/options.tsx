import { type Option, optionGroups } from '../graph/options'

// Options edits the parameters of /render. The chart supports some of them; the image
// supports all.
export function Options(props: {
  options: Record<string, string>
  onChange: (options: Record<string, string>) => void
}) {
  const { options, onChange } = props
  const set = (name: string, value: string) => {
    const next = { ...options }
    if (value === '') delete next[name]
    else next[name] = value
    onChange(next)
  }
  const known = new Set(optionGroups.flatMap((g) => g.options.map((o) => o.name)))
  const others = Object.keys(options).filter((name) => !known.has(name))
  return (
    <div class="options">
      {optionGroups.map((g) => (
        <fieldset key={g.title}>
          <legend>{g.title}</legend>
          {g.options.map((o) => (
            <Field option={o} value={options[o.name] ?? ''} onChange={(v) => set(o.name, v)} key={o.name} />
          ))}
        </fieldset>
      ))}
      {others.length > 0 && (
        <fieldset>
          <legend>Other</legend>
          {others.map((name) => (
            <Field option={{ name, text: name }} value={options[name]!} onChange={(v) => set(name, v)} key={name} />
          ))}
        </fieldset>
      )}
    </div>
  )
}

function Field(props: { option: Option; value: string; onChange: (value: string) => void }) {
  const { option, value } = props
  return (
    <label class={option.wide ? 'wide' : ''}>
      <span>{option.text}</span>
      {option.values ? (
        <select
          value={value || option.values[0]}
          onChange={(e) => props.onChange(e.currentTarget.value === option.values![0] ? '' : e.currentTarget.value)}
        >
          {option.values.map((v) => (
            <option key={v} value={v}>
              {v === '' ? 'default' : v}
            </option>
          ))}
          {value && !option.values.includes(value) && <option value={value}>{value}</option>}
        </select>
      ) : (
        <input
          value={value}
          placeholder={option.hint}
          spellcheck={false}
          onChange={(e) => props.onChange(e.currentTarget.value.trim())}
        />
      )}
    </label>
  )
}
