import { useState } from 'preact/hooks'
import { useWidth } from '../base/page'
import { useStore } from '../base/store'
import { dark } from '../base/theme'
import { Dialog, ErrorText, Tabs } from '../base/ui'
import { Chart } from '../chart/chart'
import { plotOf } from '../chart/plot'
import { Options } from '../compose/options'
import { Targets } from '../compose/targets'
import type { Graph } from '../graph/state'
import type { Problem } from '../graph/syntax'
import { useGraph } from '../graph/use'
import { graphOf, type Panel } from './model'
import type { View } from './panel'

// PanelDialog edits a panel.
export function PanelDialog(props: {
  panel: Panel
  view: View
  onChange: (panel: Panel) => void
  onClose: () => void
}) {
  const [panel, setPanel] = useState(props.panel)
  const [tab, setTab] = useState<'targets' | 'options'>('targets')
  const [box, width] = useWidth()
  const isDark = useStore(dark)
  const graph = graphOf(panel, props.view.range, props.view.tz, props.view.variables)
  const data = useGraph(graph, 0, width || 600, null)
  return (
    <Dialog title="Edit graph" onClose={props.onClose} wide>
      <div ref={box}>
        <Chart plot={plotOf(graph, data, isDark)} height={200} label="Preview of the graph" />
      </div>
      {data.failure && <ErrorText text={data.failure} />}
      <label class="field">
        Title{' '}
        <input
          value={panel.options.title ?? ''}
          onChange={(e) => setPanel({ ...panel, options: { ...panel.options, title: e.currentTarget.value } })}
        />
      </label>
      <Tabs
        label="Edit"
        tabs={[
          ['targets', 'Targets'],
          ['options', 'Options'],
        ]}
        value={tab}
        onChange={setTab}
      />
      {tab === 'targets' ? (
        <Targets
          targets={panel.targets}
          problems={unfilledProblems(panel, graph, data.problems)}
          onChange={(targets) => setPanel({ ...panel, targets })}
        />
      ) : (
        <Options options={panel.options} onChange={(options) => setPanel({ ...panel, options })} />
      )}
      <div class="actions">
        <button type="button" class="quiet-button" onClick={props.onClose}>
          Cancel
        </button>
        <button
          type="button"
          class="strong"
          onClick={() => {
            props.onChange(panel)
            props.onClose()
          }}
        >
          Apply
        </button>
      </div>
    </Dialog>
  )
}

// unfilledProblems returns the problems by the panel's targets, in which variables are not
// filled in. The position of a problem is unknown if the target contains variables.
function unfilledProblems(panel: Panel, graph: Graph, problems: Map<string, Problem>): Map<string, Problem> {
  const found = new Map<string, Problem>()
  panel.targets.forEach(({ text }, i) => {
    const filled = graph.targets[i]!.text
    const p = problems.get(filled.trim())
    if (p) found.set(text.trim(), filled === text ? p : { ...p, at: -1 })
  })
  return found
}
