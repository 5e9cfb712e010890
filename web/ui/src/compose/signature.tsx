import { type Func, parameterAt, plain } from './functions'

// Signature shows the parameters of a function, with the current one marked, and its
// description.
export function Signature(props: { f: Func; argument: number }) {
  const { f } = props
  const current = parameterAt(f, props.argument)
  return (
    <div class="signature">
      <code>
        {f.name}(
        {f.params.map((p, i) => (
          <span key={p.name}>
            {i > 0 && ', '}
            <span class={p === current ? 'current' : ''}>
              {p.multiple ? '*' : ''}
              {p.name}
              {p.required ? '' : '?'}
            </span>
          </span>
        ))}
        )
      </code>
      {current && <span class="quiet"> {current.type}</span>}
      <p>{plain(f.description)}</p>
    </div>
  )
}
