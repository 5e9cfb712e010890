import { useEffect, useState } from 'preact/hooks'
import { aborted, message } from '../base/api'
import { count } from '../base/format'
import { ErrorText, IconButton } from '../base/ui'
import { escapeName } from '../graph/syntax'
import { byTags, type Found, search, tags, tagValues } from './nodes'
import { Row, Rows } from './rows'

const maxTags = 5000
const maxSeries = 500

interface TagsProps {
  chosen: Set<string> // targets
  onChoose: (target: string) => void
}

// Tags browses tagged series. The user chooses a tag, then one of its values, and so on,
// to narrow the list of series.
export function Tags(props: TagsProps) {
  const [exprs, setExprs] = useState<string[]>([])
  const [tag, setTag] = useState('') // whose values are listed; empty: list tags
  const { list, failure } = useTags(tag, exprs)
  const series = useSeries(exprs)
  if (failure) return <ErrorText text={failure} />
  if (list && !list.length && !exprs.length && !tag) return <NoTags />
  const rows = (list ?? []).filter((t) => tag || !exprs.some((e) => e.startsWith(`${t}=`)))
  const choose = (text: string) => {
    if (tag) setExprs([...exprs, `${tag}=${text}`])
    setTag(tag ? '' : text)
  }
  return (
    <div class="tags">
      {exprs.length > 0 && <Filters {...props} exprs={exprs} series={series} onExprs={setExprs} />}
      <p class="found">
        {tag ? (
          <button type="button" class="link" onClick={() => setTag('')}>
            ← all tags
          </button>
        ) : (
          <span>{exprs.length ? 'More tags' : 'Tags'}</span>
        )}
        {tag && <strong>{tag}</strong>}
      </p>
      <Rows
        label={tag ? `Values of ${tag}` : 'Tags'}
        role="list"
        count={list ? rows.length : 1}
        render={(i) =>
          list ? (
            <Row icon={tag ? 'plus' : 'right'} key={rows[i]} onClick={() => choose(rows[i]!)}>
              <span class="text">{rows[i] || '(empty)'}</span>
            </Row>
          ) : (
            <div class="row note" key="loading">
              Loading…
            </div>
          )
        }
      />
      {series && series.nodes.length > 0 && <SeriesList {...props} series={series} />}
    </div>
  )
}

// useTags loads the values of a tag, or all tags if tag is empty, among the series that
// match the tag expressions. list is null while it loads.
function useTags(tag: string, exprs: string[]): { list: string[] | null; failure: string } {
  const [list, setList] = useState<string[] | null>(null)
  const [failure, setFailure] = useState('')
  useEffect(() => {
    const stop = new AbortController()
    setList(null)
    const answer = tag ? tagValues(tag, exprs, maxTags, stop.signal) : tags(exprs, maxTags, stop.signal)
    answer.then(
      (l) => {
        setList(l)
        setFailure('')
      },
      (e: unknown) => {
        if (!aborted(e)) setFailure(message(e))
      },
    )
    return () => stop.abort()
  }, [exprs.join('\n'), tag])
  return { list, failure }
}

// useSeries loads the series that match the tag expressions.
function useSeries(exprs: string[]): Found | null {
  const [series, setSeries] = useState<Found | null>(null)
  useEffect(() => {
    setSeries(null)
    if (!exprs.length) return
    const stop = new AbortController()
    search(exprs.join(' '), maxSeries, stop.signal).then(setSeries, () => {})
    return () => stop.abort()
  }, [exprs.join('\n')])
  return series
}

function NoTags() {
  return (
    <div class="hint pad">
      <p>No series has tags yet. To create one, send a line such as:</p>
      <pre>http.requests;host=web01;status=200 12 {Math.floor(Date.now() / 1000)}</pre>
    </div>
  )
}

// Filters shows the chosen tag expressions and a button that plots the matching series.
function Filters(props: TagsProps & { exprs: string[]; series: Found | null; onExprs: (exprs: string[]) => void }) {
  const { exprs, series } = props
  const target = byTags(exprs)
  const total = series ? `${series.more ? 'more than ' : ''}${count(series.nodes.length)} ` : ''
  return (
    <div class="chips">
      {exprs.map((e) => (
        <span class="chip on" key={e}>
          {e}
          <IconButton icon="close" label={`Remove ${e}`} onClick={() => props.onExprs(exprs.filter((x) => x !== e))} />
        </span>
      ))}
      <button type="button" class="link" onClick={() => props.onChoose(target)}>
        {props.chosen.has(target) ? 'Remove from graph' : `Plot ${total}series`}
      </button>
    </div>
  )
}

function SeriesList(props: TagsProps & { series: Found }) {
  const { nodes, more } = props.series
  return (
    <>
      <p class="found">{`${more ? 'First ' : ''}${count(nodes.length)} series`}</p>
      <Rows
        label="Series"
        role="list"
        count={nodes.length}
        render={(i) => {
          const { path } = nodes[i]!
          const target = escapeName(path)
          return (
            <Row
              key={path}
              icon="leaf"
              class="leaf"
              title={path}
              chosen={props.chosen.has(target)}
              onClick={() => props.onChoose(target)}
            >
              <span class="text">{path}</span>
            </Row>
          )
        }}
      />
    </>
  )
}
