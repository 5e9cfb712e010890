import { Icon } from '../base/icon'
import { RangePicker, RefreshPicker } from '../base/range'
import { IconButton, menuItems, Popover } from '../base/ui'
import type { DialogName } from './dialogs'
import type { View } from './panel'
import { variableParam } from './use'
import { VariableBar } from './variables'

// Toolbar holds the controls of a dashboard. show sets parameters of the page.
export function Toolbar(props: {
  view: View
  editing: boolean
  changed: boolean // there are changes that are not saved
  savable: boolean
  show: (changes: Record<string, string | null>, replace?: boolean) => void
  onSave: () => void
  onDiscard: () => void
  onSnapshot: () => void
  onExport: () => void
  onDialog: (dialog: DialogName) => void
}) {
  const { view, show } = props
  return (
    <>
      <VariableBar variables={view.variables} onChange={(name, value) => show({ [variableParam(name)]: value })} />
      <span class="gap" />
      <RangePicker
        range={view.range}
        tz={view.tz}
        onChange={(r, tz) => show({ from: r.from || null, until: r.until || null, tz: tz || null }, false)}
      />
      <RefreshPicker seconds={view.refresh} loading={false} onChange={(s) => show({ refresh: String(s) })} />
      <IconButton
        icon="flag"
        label="Show events"
        pressed={view.events !== null}
        onClick={() => show({ events: view.events === null ? '' : null })}
      />
      <IconButton
        icon="wall"
        label="Full screen (press Escape to leave)"
        onClick={() => show({ wall: '1', edit: null })}
      />
      <IconButton
        icon="edit"
        label="Edit"
        pressed={props.editing}
        onClick={() => show({ edit: props.editing ? null : '1' })}
      />
      {props.changed && <IconButton icon="close" label="Discard changes" onClick={props.onDiscard} />}
      {props.savable && <IconButton icon="save" label="Save" text="Save" class="strong" onClick={props.onSave} />}
      <Popover label="More" button={<Icon name="more" />} align="right">
        {(close) => {
          const item = menuItems(close)
          return (
            <div class="items">
              {item('share', 'Share', () => props.onDialog('share'))}
              {item('picture', 'Snapshot', props.onSnapshot)}
              {item('lower', 'Export', props.onExport)}
              {item('history', 'Versions', () => props.onDialog('history'))}
              {item('fx', 'Variables', () => props.onDialog('variables'))}
              {item('save', 'Save as …', () => props.onDialog('name'))}
              {item('trash', 'Delete', () => props.onDialog('delete'))}
            </div>
          )
        }}
      </Popover>
    </>
  )
}

// EditBar is the second row of controls, shown while editing.
export function EditBar(props: { onAdd: () => void; onVariables: () => void }) {
  return (
    <div class="edit-bar">
      <button type="button" class="quiet-button" onClick={props.onAdd}>
        <Icon name="plus" /> Graph
      </button>
      <button type="button" class="quiet-button" onClick={props.onVariables}>
        <Icon name="fx" /> Variables
      </button>
      <span class="hint">Drag a title to move its graph, and the corner to resize it.</span>
    </div>
  )
}
