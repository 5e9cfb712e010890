import { useState } from 'preact/hooks'
import { getText, message } from '../base/api'
import { config } from '../base/config'
import { query, url } from '../base/router'
import { Copyable, Dialog, ErrorText } from '../base/ui'
import { type Graph, renderParams, writeGraph } from '../graph/state'

// renderURL is the whole address of a graph's picture or data.
export function renderURL(g: Graph, format = ''): string {
  return location.origin + url('/render', renderParams(g, format ? { format } : {}))
}

// Share gives a graph away in all the ways it can be taken.
export function Share(props: { graph: Graph; onClose: () => void }) {
  const { graph } = props
  const [short, setShort] = useState('')
  const [failure, setFailure] = useState('')
  const page = location.origin + url('/composer', writeGraph(graph))
  const png = renderURL(graph)
  const html = (text: string) => text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;')
  const title = graph.options.title ?? 'Graph'
  const shorten = async () => {
    try {
      const path = await getText(`/s/composer${query(writeGraph(graph))}`)
      setShort(location.origin + (path.startsWith(config.prefix) ? path : config.prefix + path))
    } catch (e) {
      setFailure(message(e))
    }
  }
  return (
    <Dialog title="Share this graph" onClose={props.onClose} wide>
      {failure && <ErrorText text={failure} />}
      <Copyable label="This page" text={page} />
      {short ? (
        <Copyable label="Short link" text={short} />
      ) : (
        <div class="copyable">
          <span>Short link</span>
          <button type="button" class="quiet-button" onClick={() => void shorten()}>
            Make one
          </button>
        </div>
      )}
      <Copyable label="Picture (PNG)" text={png} open={png} />
      <Copyable label="Picture (SVG)" text={renderURL(graph, 'svg')} open={renderURL(graph, 'svg')} />
      <Copyable label="HTML" text={`<img src="${html(png)}" alt="${html(title)}">`} />
      <Copyable label="Data (JSON)" text={renderURL(graph, 'json')} open={renderURL(graph, 'json')} />
      <Copyable label="Data (CSV)" text={renderURL(graph, 'csv')} open={renderURL(graph, 'csv')} />
      <Copyable label="curl" text={`curl '${renderURL(graph, 'json').replace(/'/g, '%27')}'`} />
    </Dialog>
  )
}
