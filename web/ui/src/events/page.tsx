import { useEffect, useState } from 'preact/hooks'
import { message } from '../base/api'
import { useTitle } from '../base/page'
import { RangePicker } from '../base/range'
import { changed, completeURL, go, type Place, url } from '../base/router'
import { ago, dateTime, isLive, type Range, rangeOf } from '../base/time'
import { ErrorText } from '../base/ui'
import { type EventRecord, loadEvents } from '../chart/events'
import { AddEvent } from './add'

const maxEvents = 500
const refresh = 15 // seconds

// EventsPage lists events and adds new ones.
export function EventsPage(props: { place: Place }) {
  const { params } = props.place
  const range = rangeOf(params, '-1w')
  const tz = params.get('tz') ?? ''
  const tags = params.get('tags') ?? ''
  const [adding, setAdding] = useState(false)
  const { events, failure, reload } = useEvents(range, tags)
  useTitle('Events')
  const show = (changes: Record<string, string>) => {
    const entries = Object.entries(changes).map(([name, value]) => [name, value || null])
    go('/events', changed(params, Object.fromEntries(entries)), true)
  }
  const shown = (events ?? []).slice(0, maxEvents)
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
          onChange={(e) => show({ tags: e.currentTarget.value.trim() })}
        />
        <span class="gap" />
        <RangePicker range={range} tz={tz} onChange={(r, zone) => show({ from: r.from, until: r.until, tz: zone })} />
        <button type="button" class="strong" onClick={() => setAdding(true)}>
          Add
        </button>
      </div>
      {failure && <ErrorText text={failure} />}
      {shown.length > 0 && <EventTable events={shown} tz={tz} from={range.from} />}
      {events && events.length > maxEvents && (
        <p class="hint">
          Showing the latest {maxEvents} of {events.length} events.
        </p>
      )}
      {events && events.length === 0 && <NoEvents tags={tags} />}
      {adding && (
        <AddEvent
          onClose={() => setAdding(false)}
          onAdded={() => {
            setAdding(false)
            reload()
          }}
        />
      )}
    </main>
  )
}

// useEvents loads the events of a range, the latest first. While the range ends now, it
// loads them again at intervals.
function useEvents(range: Range, tags: string) {
  const [events, setEvents] = useState<EventRecord[] | null>(null)
  const [failure, setFailure] = useState('')
  const [reloads, setReloads] = useState(0)
  useEffect(() => {
    const stop = new AbortController()
    const run = () =>
      loadEvents(range.from, isLive(range) ? '' : range.until, tags, stop.signal).then(
        (list) => {
          setEvents(list.reverse())
          setFailure('')
        },
        (e: unknown) => {
          if (!stop.signal.aborted) setFailure(message(e))
        },
      )
    void run()
    const timer = setInterval(() => {
      if (!document.hidden && isLive(range)) void run()
    }, refresh * 1000)
    return () => {
      stop.abort()
      clearInterval(timer)
    }
  }, [range.from, range.until, tags, reloads])
  return { events, failure, reload: () => setReloads(reloads + 1) }
}

function EventTable(props: { events: EventRecord[]; tz: string; from: string }) {
  return (
    <div class="card scroll-x" tabIndex={0} role="group" aria-label="Events">
      <table class="events">
        <thead>
          <tr>
            <th>Time</th>
            <th>Event</th>
            <th>Tags</th>
          </tr>
        </thead>
        <tbody>
          {props.events.map((e) => (
            <tr key={e.id}>
              <td>
                <time dateTime={new Date(e.when * 1000).toISOString()} title={ago(e.when)}>
                  {dateTime(e.when, props.tz)}
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
                      ['from', props.from],
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
  )
}

function NoEvents(props: { tags: string }) {
  return (
    <section class="card welcome" aria-label="Start">
      <h2>No events{props.tags ? ' with these tags' : ''} in this time range</h2>
      <p>An event marks a deployment, a restart or an incident in your graphs. To add one from a script:</p>
      <pre>{`curl ${completeURL('/events')} -d '{"what": "deployed web 1.4", "tags": ["deploy", "web"]}'`}</pre>
      <p>
        The flag above a chart shows events. The target <code>events("deploy")</code> draws them.
      </p>
    </section>
  )
}
