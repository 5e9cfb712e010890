// Makes a picture of every page, light and dark, desktop and phone:
// node screenshots.mjs URL DIR. The server should hold what scripts/screenshots feeds it.
import { mkdirSync } from 'node:fs'
import { launch, open } from './browser.mjs'

const [base, dir, only] = process.argv.slice(2)
mkdirSync(dir, { recursive: true })

const cpu = 'target=aliasByNode(servers.*.cpu.user,1)'
const pages = {
  explore: { path: '/' },
  search: { path: '/', act: (p) => p.fill('#search', 'web cpu') },
  compose: { path: `/composer?${cpu}&from=-2h&title=CPU,%20user&events=` },
  completion: {
    path: `/composer?target=movingAverage(servers.web01.cpu.user,5)&from=-1h`,
    act: async (p) => {
      await p.getByLabel('Another target').fill('sumSeries(servers.')
      await p.getByRole('listbox').getByRole('option').first().waitFor()
    },
  },
  wrong: { path: `/composer?${cpu}&target=movingAverag(servers.web01.cpu.user,5)&from=-1h`, act: (p) => p.getByRole('alert').first().waitFor() },
  stacked: { path: '/composer?target=aliasByTags(seriesByTag(%27name=http.requests%27,%27status=200%27),%27host%27)&from=-2h&areaMode=stacked&title=Requests&picture=png' },
  dashboards: { path: '/dashboard' },
  dashboard: { path: '/dashboard/Web%20servers' },
  wall: { path: '/dashboard/Web%20servers?wall=1' },
  events: { path: '/events' },
  server: { path: '/server' },
}
const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } }

const browser = await launch()
for (const [size, viewport] of Object.entries(sizes)) {
  for (const colorScheme of ['light', 'dark']) {
    const { page, errors, close } = await open(browser, { viewport, colorScheme, hasTouch: size === 'phone', isMobile: size === 'phone', deviceScaleFactor: size === 'phone' ? 2 : 1 })
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
