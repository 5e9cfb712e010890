import { useEffect, useState } from 'preact/hooks'
import { message } from '../base/api'
import { bytes } from '../base/format'
import { dateTime } from '../base/time'
import { Dialog, ErrorText, notify } from '../base/ui'
import { history, restore, type Version } from './store'

// HistoryDialog lists the versions of a dashboard: to look at, and to bring back.
export function HistoryDialog(props: {
  name: string
  onLook: (version: number) => void
  onRestored: () => void
  onClose: () => void
}) {
  const [all, setAll] = useState<Version[] | null>(null)
  const [failure, setFailure] = useState('')
  useEffect(() => {
    history(props.name).then(setAll, (e: unknown) => setFailure(message(e)))
  }, [props.name])
  const bring = async (v: Version) => {
    try {
      await restore(props.name, v.version)
      notify(`Version ${v.version} is the latest again`)
      props.onRestored()
    } catch (e) {
      setFailure(message(e))
    }
  }
  return (
    <Dialog title={`Versions of ${props.name}`} onClose={props.onClose}>
      {failure && <ErrorText text={failure} />}
      {all && !all.length && <p class="hint">None: nothing of this name was ever saved.</p>}
      {all && all.length > 0 && (
        <table class="versions">
          <thead>
            <tr>
              <th>Version</th>
              <th>Saved</th>
              <th class="number">Size</th>
              <th>
                <span class="sr">What to do</span>
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
                        <button type="button" class="link" onClick={() => props.onLook(v.version)}>
                          Look
                        </button>{' '}
                        <button type="button" class="link" onClick={() => void bring(v)}>
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
