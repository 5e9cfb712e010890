import { type Problem, tokens } from '../graph/syntax'

// Highlighted is a target with colored tokens. The token with the problem is underlined.
export function Highlighted(props: { text: string; problem: Problem | undefined }) {
  const { text, problem } = props
  const parts = []
  let end = 0
  for (const t of tokens(text)) {
    if (t.at > end) parts.push(text.slice(end, t.at))
    end = t.at + t.text.length
    const wrong = problem !== undefined && problem.at >= t.at && problem.at < end
    parts.push(
      <span class={`t-${t.kind}${wrong ? ' t-wrong' : ''}`} key={t.at}>
        {t.text}
      </span>,
    )
  }
  parts.push(text.slice(end))
  if (problem && problem.at >= text.trimEnd().length && text) parts.push(<span class="t-wrong"> </span>)
  return <>{parts}</>
}
