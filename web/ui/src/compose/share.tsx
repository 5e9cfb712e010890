import { useState } from 'preact/hooks'
import { message, shortLink } from '../base/api'
import { completeURL } from '../base/router'
import { Copyable, Dialog, ErrorText } from '../base/ui'
import { type Graph, renderParams, writeGraph } from '../graph/state'

// renderURL returns the complete URL of a graph's image or data.
function renderURL(g: Graph, format = ''): string {
  return completeURL('/render', renderParams(g, format ? { format } : {}))
}

// Share shows the URLs of a graph: page, image and data.
export function Share(props: { graph: Graph; onClose: () => void }) {
  const { graph } = props
  const [short, setShort] = useState('')
  const [failure, setFailure] = useState('')
  const page = completeURL('/composer', writeGraph(graph))
  const png = renderURL(graph)
  const html = (text: string) => text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;')
  const title = graph.options.title ?? 'Graph'
  const shorten = async () => {
    try {
      setShort(await shortLink('/composer', writeGraph(graph)))
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
            Create
          </button>
        </div>
      )}
      <Copyable label="Image (PNG)" text={png} open={png} />
      <Copyable label="Image (SVG)" text={renderURL(graph, 'svg')} open={renderURL(graph, 'svg')} />
      <Copyable label="HTML" text={`<img src="${html(png)}" alt="${html(title)}">`} />
      <Copyable label="Data (JSON)" text={renderURL(graph, 'json')} open={renderURL(graph, 'json')} />
      <Copyable label="Data (CSV)" text={renderURL(graph, 'csv')} open={renderURL(graph, 'csv')} />
      <Copyable label="curl" text={`curl '${renderURL(graph, 'json').replace(/'/g, '%27')}'`} />
    </Dialog>
  )
}
