import { useState } from 'preact/hooks'
import { Icon } from './icon'
import { absolute, describe, isLive, type Range, ranges, twice, windowOf, zones } from './time'
import { IconButton, Popover } from './ui'

// RangePicker chooses the time range and the time zone.
export function RangePicker(props: {
  range: Range
  tz: string
  onChange: (range: Range, tz: string) => void
  shown?: [number, number] | null // unix seconds; used for ranges that only the server understands
}) {
  const { range, tz, onChange } = props
  const move = (by: number, widen = 1) => {
    const w = windowOf(range) ?? props.shown
    if (!w) return
    const length = w[1] - w[0]
    const middle = (w[0] + w[1]) / 2 + by * length
    const until = Math.min(middle + (length * widen) / 2, Date.now() / 1000)
    onChange(absolute(middle - (length * widen) / 2, until), tz)
  }
  const widen = () => {
    const wider = twice(range)
    if (wider) onChange(wider, tz)
    else move(0, 2)
  }
  return (
    <div class="range" role="group" aria-label="Time range">
      <IconButton icon="left" label="Earlier" onClick={() => move(-0.5)} />
      <Popover
        label={`Time range: ${describe(range, tz)}`}
        button={
          <>
            <Icon name="clock" />
            <span>{describe(range, tz)}</span>
            {tz && <span class="quiet zone">{tz}</span>}
          </>
        }
      >
        {(close) => <RangeForm {...props} close={close} />}
      </Popover>
      <IconButton icon="right" label="Later" disabled={isLive(range)} onClick={() => move(0.5)} />
      <IconButton icon="out" label="Zoom out" onClick={widen} />
    </div>
  )
}

function RangeForm(props: {
  range: Range
  tz: string
  onChange: (range: Range, tz: string) => void
  close: () => void
}) {
  const [from, setFrom] = useState(props.range.from)
  const [until, setUntil] = useState(props.range.until)
  const [tz, setTz] = useState(props.tz)
  return (
    <form
      class="range-form"
      onSubmit={(e) => {
        e.preventDefault()
        props.onChange({ from: from.trim(), until: until.trim() }, tz)
        props.close()
      }}
    >
      <div class="presets">
        {ranges.map((r) => (
          <button
            type="button"
            key={r.from}
            class={isLive(props.range) && props.range.from === r.from ? 'chip on' : 'chip'}
            onClick={() => {
              props.onChange({ from: r.from, until: '' }, tz)
              props.close()
            }}
          >
            {r.text}
          </button>
        ))}
      </div>
      <label>
        From <input value={from} onInput={(e) => setFrom(e.currentTarget.value)} placeholder="-1d" spellcheck={false} />
      </label>
      <label>
        Until{' '}
        <input value={until} onInput={(e) => setUntil(e.currentTarget.value)} placeholder="now" spellcheck={false} />
      </label>
      <p class="hint">
        <code>-3h</code>, <code>monday</code>, <code>14:00_20261121</code>, or seconds since 1970
      </p>
      <label>
        Time zone{' '}
        <select value={tz} onChange={(e) => setTz(e.currentTarget.value)}>
          <option value="">Browser’s time zone</option>
          {zones.map((z) => (
            <option key={z} value={z}>
              {z}
            </option>
          ))}
        </select>
      </label>
      <div class="actions">
        <button type="submit" class="strong">
          Apply
        </button>
      </div>
    </form>
  )
}

const refreshes: [seconds: number, text: string][] = [
  [0, 'Off'],
  [5, '5 s'],
  [10, '10 s'],
  [30, '30 s'],
  [60, '1 min'],
  [300, '5 min'],
]

// refreshOf reads the refresh interval in seconds from the parameters of a page.
export function refreshOf(params: URLSearchParams, otherwise: number): number {
  return params.has('refresh') ? Number(params.get('refresh')) || 0 : otherwise
}

// RefreshPicker chooses how often the page loads new points.
export function RefreshPicker(props: { seconds: number; loading: boolean; onChange: (seconds: number) => void }) {
  return (
    <label class="refresh" title="Refresh interval">
      <span class={props.loading ? 'pulse on' : props.seconds ? 'pulse' : 'pulse off'} aria-hidden="true" />
      <span class="sr">Refresh</span>
      <select value={String(props.seconds)} onChange={(e) => props.onChange(Number(e.currentTarget.value))}>
        {refreshes.map(([s, text]) => (
          <option key={s} value={String(s)}>
            {text}
          </option>
        ))}
        {!refreshes.some(([s]) => s === props.seconds) && (
          <option value={String(props.seconds)}>{props.seconds} s</option>
        )}
      </select>
    </label>
  )
}
