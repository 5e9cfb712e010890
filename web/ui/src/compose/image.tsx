import { useMemo } from 'preact/hooks'
import { url } from '../base/router'
import { Tabs } from '../base/ui'
import { type Graph, renderParams } from '../graph/state'

export type ImageFormat = 'png' | 'svg'

// Image is the graph as /render draws it. It loads again when data changes.
export function Image(props: {
  graph: Graph
  format: ImageFormat
  onFormat: (format: ImageFormat) => void
  data: unknown
}) {
  const salt = useMemo(() => String(Date.now()), [props.data])
  const more: Record<string, string> = { ...(props.format === 'svg' ? { format: 'svg' } : {}), _salt: salt }
  if (!props.graph.options.width) more.width = '700'
  if (!props.graph.options.height) more.height = '320'
  return (
    <section class="card picture" aria-label="Image">
      <div class="bar">
        <h2>Image</h2>
        <span class="gap" />
        <Tabs
          label="Format"
          tabs={[
            ['png', 'PNG'],
            ['svg', 'SVG'],
          ]}
          value={props.format}
          onChange={props.onFormat}
        />
      </div>
      <img src={url('/render', renderParams(props.graph, more))} alt="The graph, drawn by the server" />
    </section>
  )
}
