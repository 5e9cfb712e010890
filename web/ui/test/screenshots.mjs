// Takes screenshots of every page: light and dark, desktop and phone.
//
//   node screenshots.mjs DIR [PAGE,...]
//
// uses the server at CARBON_URL, and sends it demo data if CARBON_LINE is set.
import { mkdirSync } from 'node:fs'
import { launch, open } from './browser.mjs'
import { base, feedDemo, post } from './server.mjs'

const [dir, only] = process.argv.slice(2)
mkdirSync(dir, { recursive: true })

const graph = (title, targets, options = {}) => [targets, { target: targets, title, ...options }, '']
const state = {
  name: 'Web servers',
  graphs: [
    graph('CPU of $host', ['aliasByNode(servers.$host.cpu.user,1)']),
    graph('Load', ['aliasByNode(servers.$host.load.shortterm,1)']),
    graph('Memory', ['aliasByNode(servers.$host.memory.used,1)'], { areaMode: 'stacked' }),
    graph('Network in', ['aliasByNode(servers.$host.network.eth0.rx,1)'], { areaMode: 'all' }),
    graph('Latency p99, ms', ["aliasByTags(seriesByTag('name=http.latency.p99'),'host')"]),
    graph('Errors', ["aliasByTags(seriesByTag('name=http.requests','status=500'),'host')"], { lineMode: 'staircase' }),
  ],
  carbon: {
    layout: [
      [0, 0, 12, 8],
      [12, 0, 12, 8],
      [0, 8, 8, 7],
      [8, 8, 8, 7],
      [16, 8, 8, 7],
      [0, 15, 24, 6],
    ].map(([x, y, w, h]) => ({ x, y, w, h })),
    variables: [{ name: 'host', query: 'servers.*', value: '*' }],
    range: { from: '-2h', until: '' },
    refresh: 10,
  },
}
if (process.env.CARBON_LINE) {
  await feedDemo(3)
  for (const name of ['Web servers', 'Databases', 'Office'])
    await post(`/dashboard/save/${encodeURIComponent(name)}`, { state: JSON.stringify({ ...state, name }) })
  const now = Math.floor(Date.now() / 1000)
  const happened = [
    ['deployed web 1.4', 'deploy web', 'by CI, 3 commits', 4200],
    ['db01 restarted', 'restart db', 'kernel update', 1800],
    ['deployed web 1.5', 'deploy web', '', 600],
  ]
  for (const [what, tags, data, ago] of happened)
    await post('/events', JSON.stringify({ what, tags, data, when: now - ago }))
}

const cpu = 'target=aliasByNode(servers.*.cpu.user,1)'
const pages = {
  explore: { path: '/' },
  search: {
    path: '/',
    act: async (p) => {
      const toggle = p.getByRole('button', { name: 'Metrics', exact: true })
      if ((await toggle.isVisible()) && (await toggle.getAttribute('aria-expanded')) === 'false') await toggle.click()
      await p.fill('#search', 'web cpu')
    },
  },
  compose: { path: `/composer?${cpu}&from=-2h&title=CPU,%20user&events=` },
  completion: {
    path: `/composer?target=movingAverage(servers.web01.cpu.user,5)&from=-1h`,
    act: async (p) => {
      await p.getByLabel('Another target').fill('sumSeries(servers.')
      await p.getByRole('listbox').getByRole('option').first().waitFor()
    },
  },
  wrong: {
    path: `/composer?${cpu}&target=movingAverag(servers.web01.cpu.user,5)&from=-1h`,
    act: (p) => p.getByRole('alert').first().waitFor(),
  },
  stacked: {
    path: '/composer?target=aliasByTags(seriesByTag(%27name=http.requests%27,%27status=200%27),%27host%27)&from=-2h&areaMode=stacked&title=Requests&picture=png',
  },
  dashboards: { path: '/dashboard' },
  dashboard: { path: '/dashboard/Web%20servers' },
  editing: { path: '/dashboard/Web%20servers?edit=1&events=' },
  share: { path: `/composer?${cpu}&from=-2h`, act: (p) => p.getByRole('button', { name: 'Share' }).click() },
  wall: { path: '/dashboard/Web%20servers?wall=1' },
  events: { path: '/events' },
  server: { path: '/server' },
}
const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } }

const browser = await launch()
for (const [size, viewport] of Object.entries(sizes)) {
  for (const colorScheme of ['light', 'dark']) {
    const { page, errors, close } = await open(browser, {
      viewport,
      colorScheme,
      hasTouch: size === 'phone',
      isMobile: size === 'phone',
      deviceScaleFactor: size === 'phone' ? 2 : 1,
    })
    for (const [name, { path, act }] of Object.entries(pages)) {
      if (only && !only.split(',').includes(name)) continue
      await page.goto(base + path)
      await page.waitForLoadState('networkidle')
      if (act) await act(page).catch((e) => console.error(name, size, e.message))
      await page.waitForTimeout(400)
      await page.screenshot({ path: `${dir}/${name}-${size}-${colorScheme}.png` })
    }
    for (const e of errors) console.error(size, colorScheme, e)
    await close()
  }
}
await browser.close()
