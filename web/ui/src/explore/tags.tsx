import { useEffect, useState } from 'preact/hooks'
import { aborted, getJSON, message } from '../base/api'
import { Icon } from '../base/icon'
import { IconButton } from '../base/ui'
import { ofName } from '../graph/syntax'
import { byTags, type Found, search } from './nodes'
import { Rows, rowHeight } from './virtual'

// Tags browses tagged series: a tag, one of its values, and so on, until the series
// are few.
export function Tags(props: { chosen: Set<string>; onChoose: (target: string) => void }) {
  const [exprs, setExprs] = useState<string[]>([])
  const [tag, setTag] = useState('')
  const [list, setList] = useState<string[] | null>(null)
  const [series, setSeries] = useState<Found | null>(null)
  const [failure, setFailure] = useState('')
  const key = exprs.join('\n')

  useEffect(() => {
    const stop = new AbortController()
    const params: [string, string][] = exprs.map((e) => ['expr', e])
    params.push(['limit', '5000'])
    setList(null)
    getJSON<string[]>(
      tag ? '/tags/autoComplete/values' : '/tags/autoComplete/tags',
      tag ? [['tag', tag], ...params] : params,
      stop.signal,
    ).then(
      (l) => {
        setList(l)
        setFailure('')
      },
      (e: unknown) => {
        if (!aborted(e)) setFailure(message(e))
      },
    )
    return () => stop.abort()
  }, [key, tag])

  useEffect(() => {
    setSeries(null)
    if (!exprs.length) return
    const stop = new AbortController()
    search(exprs.join(' '), 500, stop.signal).then(setSeries, () => {})
    return () => stop.abort()
  }, [key])

  const target = byTags(exprs)
  const rows = (list ?? []).filter((t) => tag || !exprs.some((e) => e.startsWith(`${t}=`)))
  if (failure) {
    return (
      <p class="failed" role="alert">
        {failure}
      </p>
    )
  }
  if (list && !list.length && !exprs.length && !tag) {
    return (
      <div class="hint pad">
        <p>No series has tags yet. A line that makes one:</p>
        <pre>http.requests;host=web01;status=200 12 {Math.floor(Date.now() / 1000)}</pre>
      </div>
    )
  }
  return (
    <div class="tags">
      {exprs.length > 0 && (
        <div class="chips">
          {exprs.map((e) => (
            <span class="chip on" key={e}>
              {e}
              <IconButton icon="close" label={`Without ${e}`} onClick={() => setExprs(exprs.filter((x) => x !== e))} />
            </span>
          ))}
          <button type="button" class="link" onClick={() => props.onChoose(target)}>
            {props.chosen.has(target)
              ? 'Take away'
              : `Plot ${series ? (series.more ? 'more than 500' : series.nodes.length) : ''} series`}
          </button>
        </div>
      )}
      <p class="found">
        {tag ? (
          <button type="button" class="link" onClick={() => setTag('')}>
            ← all tags
          </button>
        ) : (
          <span>{exprs.length ? 'Further tags' : 'Tags'}</span>
        )}
        {tag && <strong>{tag}</strong>}
      </p>
      <Rows
        label={tag ? `Values of ${tag}` : 'Tags'}
        role="list"
        count={list ? rows.length : 1}
        height={rowHeight}
        render={(i) =>
          list ? (
            <div role="listitem" key={rows[i]} style={{ height: `${rowHeight}px` }}>
              <button
                type="button"
                class="row plain"
                style={{ height: `${rowHeight}px` }}
                onClick={() => {
                  if (tag) {
                    setExprs([...exprs, `${tag}=${rows[i]!}`])
                    setTag('')
                  } else setTag(rows[i]!)
                }}
              >
                <Icon name={tag ? 'plus' : 'right'} />
                <span class="text">{rows[i] || '(empty)'}</span>
              </button>
            </div>
          ) : (
            <div class="row note" key="loading">
              Loading…
            </div>
          )
        }
      />
      {series && series.nodes.length > 0 && (
        <>
          <p class="found">{series.more ? 'The first 500 series' : `${series.nodes.length} series`}</p>
          <Rows
            label="Series"
            role="list"
            count={series.nodes.length}
            height={rowHeight}
            render={(i) => {
              const { path } = series.nodes[i]!
              const one = ofName(path)
              return (
                <div role="listitem" key={path} style={{ height: `${rowHeight}px` }}>
                  <button
                    type="button"
                    class={`row plain leaf ${props.chosen.has(one) ? 'chosen' : ''}`}
                    aria-pressed={props.chosen.has(one)}
                    title={path}
                    style={{ height: `${rowHeight}px` }}
                    onClick={() => props.onChoose(one)}
                  >
                    <Icon name="leaf" />
                    <span class="text">{path}</span>
                  </button>
                </div>
              )
            }}
          />
        </>
      )}
    </div>
  )
}
