import { render } from 'preact'
import 'uplot/dist/uPlot.min.css'
import './style/tokens.css'
import './style/base.css'
import './style/overlays.css'
import './style/devices.css'
import './style/chart.css'
import './style/compose.css'
import './style/pages.css'
import './base/theme'
import { Header, TokenDialog } from './base/page'
import { followLinks, place } from './base/router'
import { Shortcuts } from './base/shortcuts'
import { useStore } from './base/store'
import { Notices } from './base/ui'
import { ComposePage } from './compose/page'
import { ListPage } from './dashboard/list'
import { DashboardPage } from './dashboard/page'
import { EventsPage } from './events/page'
import { ServerPage } from './server/page'

function App() {
  const p = useStore(place)
  const wall = p.params.get('wall') === '1'
  return (
    <>
      {!wall && <Header path={p.path} />}
      <Page />
      <Notices />
      <TokenDialog />
      <Shortcuts />
    </>
  )
}

function Page() {
  const p = useStore(place)
  if (p.path === '/events') return <EventsPage place={p} />
  if (p.path === '/server') return <ServerPage place={p} />
  if (p.path === '/dashboard' || p.path === '/dashboard/help') return <ListPage />
  if (p.path.startsWith('/dashboard/')) return <DashboardPage place={p} key={p.path} />
  return <ComposePage place={p} />
}

followLinks()
render(<App />, document.getElementById('app')!)
