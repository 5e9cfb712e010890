import { useEffect, useState } from 'preact/hooks'
import { message } from '../base/api'
import { bytes } from '../base/format'
import { dateTime } from '../base/time'
import { Dialog, ErrorText, notify } from '../base/ui'
import { history, restore, type Version } from './store'

// HistoryDialog lists the versions of a dashboard, to open or restore them.
export function HistoryDialog(props: {
  name: string
  onOpenVersion: (version: number) => void
  onRestored: () => void
  onClose: () => void
}) {
  const [all, setAll] = useState<Version[] | null>(null)
  const [failure, setFailure] = useState('')
  useEffect(() => {
    history(props.name).then(setAll, (e: unknown) => setFailure(message(e)))
  }, [props.name])
  const restoreVersion = async (v: Version) => {
    try {
      await restore(props.name, v.version)
      notify(`Restored version ${v.version}`)
      props.onClose()
      props.onRestored()
    } catch (e) {
      setFailure(message(e))
    }
  }
  const open = (version: number) => {
    props.onClose()
    props.onOpenVersion(version)
  }
  return (
    <Dialog title={`Versions of ${props.name}`} onClose={props.onClose}>
      {failure && <ErrorText text={failure} />}
      {all && !all.length && <p class="hint">No dashboard was ever saved under this name.</p>}
      {all && all.length > 0 && (
        <table class="versions">
          <thead>
            <tr>
              <th>Version</th>
              <th>Saved</th>
              <th class="number">Size</th>
              <th>
                <span class="sr">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {all.map((v, i) => (
              <tr key={v.version}>
                <td>{v.version}</td>
                <td>{dateTime(v.epoch)}</td>
                <td class="number">{v.deleted ? 'deleted' : bytes(v.size)}</td>
                <td>
                  {i === 0 && !v.deleted ? (
                    <span class="quiet">latest</span>
                  ) : (
                    !v.deleted && (
                      <>
                        <button type="button" class="link" onClick={() => open(v.version)}>
                          Open
                        </button>{' '}
                        <button type="button" class="link" onClick={() => void restoreVersion(v)}>
                          Restore
                        </button>
                      </>
                    )
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Dialog>
  )
}
