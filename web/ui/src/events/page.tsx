import { useEffect, useState } from 'preact/hooks'
import { message, postJSON } from '../base/api'
import { useTitle } from '../base/page'
import { RangePicker } from '../base/range'
import { go, type Place, url } from '../base/router'
import { ago, dateTime, isLive } from '../base/time'
import { Dialog, ErrorText, notify } from '../base/ui'
import { type Happening, happenings } from '../chart/events'

const most = 500

// EventsPage lists what happened, and takes down what did.
export function EventsPage(props: { place: Place }) {
  const { params } = props.place
  const range = { from: params.get('from') ?? '-1w', until: params.get('until') ?? '' }
  const tz = params.get('tz') ?? ''
  const tags = params.get('tags') ?? ''
  const [all, setAll] = useState<Happening[] | null>(null)
  const [failure, setFailure] = useState('')
  const [adding, setAdding] = useState(false)
  const [round, setRound] = useState(0)
  useTitle('Events')
  useEffect(() => {
    const stop = new AbortController()
    const run = () =>
      happenings(range.from, isLive(range) ? '' : range.until, tags, stop.signal).then(
        (list) => {
          setAll(list.reverse())
          setFailure('')
        },
        (e: unknown) => {
          if (!stop.signal.aborted) setFailure(message(e))
        },
      )
    void run()
    const timer = setInterval(() => {
      if (!document.hidden && isLive(range)) void run()
    }, 15000)
    return () => {
      stop.abort()
      clearInterval(timer)
    }
  }, [params, round])
  const put = (more: Record<string, string>) => {
    const next = new Map(params)
    for (const [k, v] of Object.entries(more)) {
      if (v) next.set(k, v)
      else next.delete(k)
    }
    go('/events', next, true)
  }
  const some = (all ?? []).slice(0, most)
  return (
    <main class="narrow">
      <div class="heading">
        <h1>Events</h1>
        <input
          type="search"
          aria-label="Tags"
          placeholder="tags"
          class="filter"
          value={tags}
          onChange={(e) => put({ tags: e.currentTarget.value.trim() })}
        />
        <span class="gap" />
        <RangePicker range={range} tz={tz} onChange={(r, zone) => put({ from: r.from, until: r.until, tz: zone })} />
        <button type="button" class="strong" onClick={() => setAdding(true)}>
          Add
        </button>
      </div>
      {failure && <ErrorText text={failure} />}
      {some.length > 0 && (
        <div class="card scroll-x" tabIndex={0} role="group" aria-label="Events">
          <table class="events">
            <thead>
              <tr>
                <th>When</th>
                <th>What</th>
                <th>Tags</th>
              </tr>
            </thead>
            <tbody>
              {some.map((e) => (
                <tr key={e.id}>
                  <td>
                    <time dateTime={new Date(e.when * 1000).toISOString()} title={ago(e.when)}>
                      {dateTime(e.when, tz)}
                    </time>
                  </td>
                  <td>
                    {e.what}
                    {e.data && <p class="quiet">{e.data}</p>}
                  </td>
                  <td>
                    {e.tags.map((t) => (
                      <a
                        class="chip"
                        key={t}
                        href={url('/events', [
                          ['tags', t],
                          ['from', range.from],
                        ])}
                      >
                        {t}
                      </a>
                    ))}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {all && all.length > most && (
        <p class="hint">
          The latest {most} of {all.length}.
        </p>
      )}
      {all && all.length === 0 && (
        <section class="card welcome" aria-label="Start">
          <h2>Nothing happened{tags ? ' with these tags' : ''} in this time</h2>
          <p>
            An event is a deploy, a restart, an incident: what one wants to see beside a graph. A line that makes one:
          </p>
          <pre>{`curl ${location.origin}${url('/events')} -d '{"what": "deployed web 1.4", "tags": ["deploy", "web"]}'`}</pre>
          <p>
            The flag above a chart shows them there; in targets they are <code>events("deploy")</code>.
          </p>
        </section>
      )}
      {adding && (
        <AddEvent
          onClose={() => setAdding(false)}
          onAdded={() => {
            setAdding(false)
            setRound(round + 1)
          }}
        />
      )}
    </main>
  )
}

function AddEvent(props: { onClose: () => void; onAdded: () => void }) {
  const [what, setWhat] = useState('')
  const [tags, setTags] = useState('')
  const [data, setData] = useState('')
  const [when, setWhen] = useState('')
  const [failure, setFailure] = useState('')
  const add = async () => {
    try {
      const at = when ? Math.floor(new Date(when).getTime() / 1000) : undefined
      await postJSON('/events', {
        what: what.trim(),
        tags: tags.split(/[\s,]+/).filter(Boolean),
        data,
        ...(at === undefined ? {} : { when: at }),
      })
      notify('Added')
      props.onAdded()
    } catch (e) {
      setFailure(message(e))
    }
  }
  return (
    <Dialog title="Add an event" onClose={props.onClose}>
      <form
        class="fields"
        onSubmit={(e) => {
          e.preventDefault()
          void add()
        }}
      >
        {failure && <ErrorText text={failure} />}
        <label>
          What happened
          <input value={what} onInput={(e) => setWhat(e.currentTarget.value)} required autofocus />
        </label>
        <label>
          Tags
          <input value={tags} onInput={(e) => setTags(e.currentTarget.value)} placeholder="deploy web" />
        </label>
        <label>
          When
          <input
            type="datetime-local"
            value={when}
            onInput={(e) => setWhen(e.currentTarget.value)}
            aria-describedby="when-hint"
          />
          <span class="hint" id="when-hint">
            now, if it is left empty
          </span>
        </label>
        <label>
          More about it
          <textarea rows={3} value={data} onInput={(e) => setData(e.currentTarget.value)} />
        </label>
        <div class="actions">
          <button type="submit" class="strong" disabled={!what.trim()}>
            Add
          </button>
        </div>
      </form>
    </Dialog>
  )
}
