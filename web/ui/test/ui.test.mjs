// Tests of the user interface in a browser, against a server.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { launch, open } from './browser.mjs'
import { base, feedDemo, get, post, send } from './server.mjs'

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
let browser, page, errors, close

before(async () => {
  await feedDemo(1)
  browser = await launch()
})
after(() => browser?.close())
beforeEach(async () => {
  ;({ page, errors, close } = await open(browser))
})
afterEach(async () => {
  await close()
  assert.deepEqual(errors, [], 'errors in the console')
})

const treeItem = (name) => page.getByRole('treeitem', { name, exact: true })
const seriesIs = (...names) =>
  assert.doesNotReject(
    page.waitForFunction(
      (want) => JSON.stringify([...document.querySelectorAll('.legend .entry')].map((e) => e.textContent)) === want,
      JSON.stringify(names),
    ),
  )
const pixels = () =>
  page.evaluate(() => {
    const c = document.querySelector('.chart canvas')
    const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height)
    let n = 0
    for (let i = 3; i < data.length; i += 4) if (data[i]) n++
    return n
  })

test('explore: a click in the tree plots the metric and changes the address', async () => {
  await page.goto(`${base}/`)
  await treeItem('servers').click()
  await treeItem('web01').click()
  await treeItem('cpu').click()
  await treeItem('user').click()
  await seriesIs('servers.web01.cpu.user')
  assert.match(page.url(), /\/composer\?target=servers\.web01\.cpu\.user/)
  assert.ok((await pixels()) > 1000, 'the chart is empty')
  await treeItem('system').click()
  await seriesIs('servers.web01.cpu.user', 'servers.web01.cpu.system')
  await page.goBack()
  await seriesIs('servers.web01.cpu.user')
})

test('explore: the search finds words, patterns and tags', async () => {
  await page.goto(`${base}/`)
  await treeItem('servers').waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('WEB0 load')
  await page.getByText('6 found').waitFor()
  await page.fill('#search', 'servers.{web01,db01}.cpu.*')
  await page.getByRole('button', { name: 'Plot all as one target' }).click()
  await page.waitForFunction(() => document.querySelectorAll('.legend .entry').length === 4)
  await page.fill('#search', 'name=http.requests status=500')
  await page.getByText('4 found').waitFor()
  await page.fill('#search', '')
  await page.getByRole('button', { name: 'Tags', exact: true }).click()
  await page.getByRole('button', { name: 'host', exact: true }).click()
  await page.getByRole('button', { name: 'web02', exact: true }).click()
  await page.getByRole('button', { name: /^Plot 3 series/ }).click()
  await page.waitForFunction(() => document.querySelectorAll('.legend .entry').length === 7)
})

test('explore: metrics plot if their names contain syntax of targets or HTML', async () => {
  const t = Math.floor(Date.now() / 1000)
  const names = ["odd.it's.x", 'odd.f(x).y', 'odd.a,b.z']
  await send([...names, 'odd.tag;x=<img/src=x/onerror=alert(1)>'].map((n) => `${n} 1 ${t}\n`).join(''))
  await page.goto(`${base}/?search=odd`)
  for (const name of names) await page.getByRole('button', { name, exact: true }).click()
  await page.fill('#search', 'name=odd.tag')
  await page.getByRole('button', { name: /onerror/ }).click()
  await seriesIs(...names, 'odd.tag;x=<img/src=x/onerror=alert(1)>')
})

test('chart: the tooltip shows values of a series with many empty points', async () => {
  const t = Math.floor(Date.now() / 60000) * 60
  await send(Array.from({ length: 60 }, (_, i) => `sparse.points ${i} ${t - i * 60}\n`).join(''))
  await page.goto(`${base}/composer?target=sparse.points&from=-1h&refresh=0`)
  await seriesIs('sparse.points')
  const box = await page.locator('.u-over').boundingBox()
  for (const x of [200, 203, 206, 209, 212]) {
    await page.mouse.move(box.x + x, box.y + 60)
    await page.locator('.tooltip .value').first().waitFor()
  }
})

test('compose: completion, functions, options, hidden targets', async () => {
  await page.goto(`${base}/composer?target=servers.web01.cpu.user&from=-1h`)
  const another = page.getByLabel('Another target')
  await another.pressSequentially('sumSeries(servers.web0')
  await page.getByRole('option', { name: 'servers.web02.' }).click()
  await page.getByRole('option', { name: 'servers.web02.memory.' }).click()
  await page.getByRole('option', { name: 'servers.web02.memory.used' }).click()
  await another.press('End')
  await another.pressSequentially(')')
  await page.keyboard.press('Escape')
  await another.press('Enter')
  await seriesIs('servers.web01.cpu.user', 'sumSeries(servers.web02.memory.used)')

  await page.getByRole('button', { name: 'Apply a function to target 1' }).click()
  await page.getByLabel('Find a function').fill('scaleToSeconds')
  await page.locator('.functions button', { hasText: 'scaleToSeconds' }).click()
  await page.waitForFunction(() =>
    document.querySelector('textarea').value.startsWith('scaleToSeconds(servers.web01.cpu.user, '),
  )

  await page.getByRole('button', { name: 'Hide', exact: true }).nth(1).click()
  await page.waitForFunction(() => document.querySelectorAll('.legend .entry').length === 1)
  assert.match(page.url(), /off=1/)

  await page.getByRole('button', { name: 'Options' }).click()
  await page.getByRole('combobox', { name: 'Area', exact: true }).selectOption('stacked')
  assert.match(page.url(), /areaMode=stacked/)
  await page.getByRole('button', { name: 'Share' }).click()
  assert.match(
    await page.getByLabel('Image (PNG)', { exact: true }).inputValue(),
    /^http.*\/render\?target=scaleToSeconds/,
  )
})

test('compose: errors are marked at their position, and the other targets are drawn', async () => {
  await page.goto(
    `${base}/composer?target=servers.web01.cpu.user&target=scale(movingAverag(servers.web01.cpu.user,5),2)&target=sumSeries(a.b&from=-1h`,
  )
  await seriesIs('servers.web01.cpu.user')
  await page.getByText('unknown function: movingAverag').waitFor()
  assert.deepEqual(await page.locator('.t-wrong').allInnerTexts(), ['movingAverag', '('])
})

test('compose: drag to zoom, and go back', async () => {
  await page.goto(`${base}/composer?target=servers.web01.cpu.user&from=-1h`)
  await seriesIs('servers.web01.cpu.user')
  const box = await page.locator('.u-over').boundingBox()
  await page.mouse.move(box.x + box.width * 0.3, box.y + 80)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.6, box.y + 90, { steps: 4 })
  await page.mouse.up()
  await page.waitForURL(/from=\d{10}&until=\d{10}/)
  await page.goBack()
  await page.waitForURL(/from=-1h/)
  await page.mouse.move(box.x + 100, box.y + 60)
  await page.locator('.tooltip .value').first().waitFor()
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
})

test('chart: drag with a finger to zoom', async () => {
  const phone = await open(browser, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  await phone.page.goto(`${base}/composer?target=servers.web01.cpu.user&from=-1h&refresh=0`)
  await phone.page.locator('.legend .entry').first().waitFor()
  const box = await phone.page.locator('.u-over').boundingBox()
  const client = await phone.page.context().newCDPSession(phone.page)
  const touch = (type, x) =>
    client.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: x === undefined ? [] : [{ x: box.x + x, y: box.y + 90 }],
    })
  await touch('touchStart', 60)
  for (let x = 70; x <= 220; x += 10) await touch('touchMove', x)
  await touch('touchEnd')
  await phone.page.waitForURL(/from=\d{10}&until=\d{10}/)
  assert.deepEqual(phone.errors, [])
  await phone.close()
})

test('chart: slow requests show the waiting time', async () => {
  let answer
  const answered = new Promise((resolve) => (answer = resolve))
  await page.route('**/render?**', async (route) => {
    await answered
    await route.continue()
  })
  await page.goto(`${base}/composer?target=servers.web01.cpu.user&from=-1h&refresh=0`)
  await page.locator('.waiting', { hasText: /Loading… \d+ s/ }).waitFor()
  answer()
  await seriesIs('servers.web01.cpu.user')
  await page.locator('.waiting').waitFor({ state: 'detached' })
})

test('chart: new points appear without a reload', async () => {
  const now = () => Math.floor(Date.now() / 1000)
  await send(`live.points 1 ${now() - 20}\n`)
  await page.goto(`${base}/composer?target=live.points&from=-5min&refresh=1`)
  await page.locator('.legend td', { hasText: /^1$/ }).first().waitFor()
  await send(`live.points 77 ${now()}\n`)
  await page.locator('.legend td', { hasText: /^77$/ }).first().waitFor()
})

test('dashboard: created from a graph, and unchanged after a reload', async () => {
  await page.goto(`${base}/composer?target=servers.$host.cpu.user&target=servers.web03.cpu.system&from=-1h`)
  await page.getByRole('button', { name: 'Add to dashboard' }).click()
  await page.getByLabel('Dashboard', { exact: true }).fill('Browser test')
  await page.getByLabel('Title of the graph').fill('CPU')
  await page.getByRole('button', { name: 'Create dashboard' }).click()
  await page.getByRole('heading', { name: 'Browser test' }).waitFor()

  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await page.getByRole('button', { name: 'Variables' }).click()
  await page.getByRole('button', { name: 'Add a variable' }).click()
  await page.getByLabel('Name', { exact: true }).fill('host')
  await page.getByLabel('Values from').fill('servers.*')
  await page.getByRole('button', { name: 'Close' }).click()
  await page.locator('.variable select').selectOption('web02')
  await page.locator('.mini-legend', { hasText: 'servers.web02.cpu.user' }).waitFor()
  const header = page.locator('.panel > header')
  await header.focus()
  await page.keyboard.press('Shift+ArrowRight')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Saved Browser test').waitFor()

  await page.reload()
  await page.locator('.mini-legend', { hasText: 'servers.web02.cpu.user' }).waitFor()
  const { state } = await get('/dashboard/load/Browser%20test')
  assert.equal(state.carbon.layout[0].w, 13)
  assert.deepEqual(state.graphs[0][0], ['servers.$host.cpu.user', 'servers.web03.cpu.system'])

  const frame = () => page.evaluate(() => document.querySelector('.chart canvas').toDataURL())
  await page.goto(
    `${base}/dashboard/Browser%20test?from=${Math.floor(Date.now() / 1000) - 3600}&until=${Math.floor(Date.now() / 1000) - 60}`,
  )
  await page.locator('.mini-legend', { hasText: 'servers.web02.cpu.user' }).waitFor()
  await page.waitForLoadState('networkidle')
  const first = await frame()
  await page.reload()
  await page.locator('.mini-legend', { hasText: 'servers.web02.cpu.user' }).waitFor()
  await page.waitForLoadState('networkidle')
  assert.equal(await frame(), first, 'the chart differs after the reload')

  await page.getByRole('button', { name: 'More', exact: true }).click()
  await page.getByRole('button', { name: 'Versions' }).click()
  await page.getByRole('button', { name: 'Restore' }).last().click()
  await page.getByText('Restored version 1').waitFor()
  assert.deepEqual((await get('/dashboard/load/Browser%20test')).state.carbon.variables, [])
})

test('dashboard: import from graphite-web, and its bookmarks', async () => {
  const state = {
    name: 'Old',
    graphs: [
      [
        ['servers.web01.cpu.user'],
        { target: ['servers.web01.cpu.user'], title: 'From graphite-web' },
        '/render?target=servers.web01.cpu.user',
      ],
    ],
    timeConfig: {
      type: 'relative',
      relativeStartUnits: 'hours',
      relativeStartQuantity: '3',
      relativeUntilUnits: 'now',
      relativeUntilQuantity: '',
    },
    refreshConfig: { interval: 60000, enabled: true },
    defaultGraphParams: { width: 400, height: 250 },
  }
  await page.goto(`${base}/dashboard`)
  await page.getByRole('button', { name: 'Import' }).click()
  await page.getByLabel('Or text').fill(JSON.stringify(state))
  await page.getByRole('button', { name: 'Import' }).last().click()
  await page.getByRole('link', { name: 'Old' }).click()
  await page.getByRole('heading', { name: 'From graphite-web' }).waitFor()
  await page.getByText('Last 3 hours').waitFor()
  await post('/composer/mygraph', {
    action: 'save',
    graphName: 'team.load & <i>',
    url: 'http://old/render?target=servers.web01.load.shortterm&from=-1h',
  })
  await page.goto(`${base}/dashboard`)
  await page.getByRole('link', { name: 'team.load & <i>' }).click()
  await seriesIs('servers.web01.load.shortterm')
  await page.goto(`${base}/dashboard/#Old`)
  await page.getByRole('heading', { name: 'From graphite-web' }).waitFor()
  assert.match(page.url(), /\/dashboard\/Old$/)
  await page.goto(`${base}/browser`)
  await treeItem('servers').waitFor()
})

test('dashboard: unsaved changes stay while the user visits other pages', async () => {
  await post('/dashboard/save/Draft', {
    state: JSON.stringify({
      graphs: [[['servers.web01.cpu.user'], { target: ['servers.web01.cpu.user'], title: 'Here' }]],
    }),
  })
  await page.goto(`${base}/dashboard/Draft?edit=1`)
  await page.locator('.panel > header').focus()
  await page.keyboard.press('Shift+ArrowRight')
  await page.getByText('not saved').waitFor()
  await page.getByRole('link', { name: 'Events' }).click()
  await page.getByRole('heading', { name: 'Events', exact: true }).waitFor()
  await page.getByRole('link', { name: 'Dashboards' }).click()
  await page.getByRole('link', { name: 'Draft' }).click()
  await page.getByText('not saved').waitFor()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Saved Draft').waitFor()
  assert.equal((await get('/dashboard/load/Draft')).state.carbon.layout[0].w, 13)
})

test('dashboard: delete and restore', async () => {
  await post('/dashboard/save/Gone%20%26%20back', {
    state: JSON.stringify({
      graphs: [[['servers.web01.cpu.user'], { target: ['servers.web01.cpu.user'], title: 'Here' }]],
    }),
  })
  await page.goto(`${base}/dashboard/Gone%20%26%20back`)
  await page.getByRole('heading', { name: 'Here' }).waitFor()
  await page.getByRole('button', { name: 'More', exact: true }).click()
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.waitForURL(/\/dashboard$/)
  await page.goto(`${base}/dashboard/Gone%20%26%20back`)
  await page.getByText('does not exist').waitFor()
  await page.getByRole('button', { name: 'Saved versions' }).click()
  await page.getByRole('button', { name: 'Restore' }).click()
  await page.getByRole('heading', { name: 'Here' }).waitFor()
})

test('events: add, list, and show in charts', async () => {
  await page.goto(`${base}/events`)
  await page.getByRole('button', { name: 'Add' }).click()
  await page.getByLabel('Event', { exact: true }).fill('<b>deployed</b> 1.4')
  await page.getByLabel('Tags', { exact: true }).last().fill('deploy web')
  await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click()
  await page.getByRole('cell', { name: '<b>deployed</b> 1.4' }).waitFor()
  await page.getByRole('link', { name: 'deploy', exact: true }).first().click()
  await page.waitForURL(/tags=deploy/)
  await page.goto(`${base}/composer?target=servers.web01.cpu.user&from=-1h&refresh=0`)
  await seriesIs('servers.web01.cpu.user')
  const without = await page.evaluate(() => document.querySelector('.chart canvas').toDataURL())
  const answered = page.waitForResponse(/events\/get_data/)
  await page.getByRole('button', { name: 'Show events' }).click()
  await answered
  await page.waitForFunction((old) => document.querySelector('.chart canvas').toDataURL() !== old, without)
})

test('200,000 metrics: the tree and the search stay fast', async () => {
  const t = Math.floor(Date.now() / 1000)
  for (let part = 0; part < 20; part++) {
    let lines = ''
    for (let i = part * 10_000; i < (part + 1) * 10_000; i++)
      lines += `fleet.dc${i % 5}.host${String(Math.floor(i / 20)).padStart(5, '0')}.metric${i % 20} ${i} ${t}\n`
    await send(lines)
  }
  for (let i = 0; i < 20; i++)
    await send(Array.from({ length: 600 }, (_, k) => `wide.n${i * 600 + k} 1 ${t}\n`).join(''))
  await page.goto(`${base}/`)
  const within = async (limit, what, act) => {
    const began = performance.now()
    await act()
    const took = performance.now() - began
    assert.ok(took < limit, `${what} took ${Math.round(took)} ms`)
    return took
  }
  await treeItem('fleet').click()
  await treeItem('dc3').waitFor()
  await within(2000, 'opening a branch with 2000 children', async () => {
    await treeItem('dc3').click()
    await treeItem('host00000').or(treeItem('host00001')).first().waitFor()
  })
  await within(2500, 'opening a branch with 10,000 children', async () => {
    await treeItem('fleet').click()
    await treeItem('wide').click()
    await treeItem('n0').waitFor()
  })
  assert.ok((await page.locator('[role=treeitem]').count()) < 120, 'invisible rows are rendered')
  await within(1500, 'a search', async () => {
    await page.fill('#search', 'host09999 metric7')
    await page
      .getByRole('button', { name: /metric7/ })
      .first()
      .waitFor()
  })
  await within(1500, 'a search with many results', async () => {
    await page.fill('#search', 'metric')
    await page.getByText('First 2,000').waitFor()
  })
})

test('accessibility: axe finds no serious problem', async () => {
  await post('/dashboard/save/Axe', {
    state: JSON.stringify({
      graphs: [[['servers.*.load.shortterm'], { target: ['servers.*.load.shortterm'], title: 'Load' }]],
    }),
  })
  const paths = [
    '/',
    '/composer?target=servers.*.cpu.user&target=nofunction(a)&from=-1h',
    '/dashboard',
    '/dashboard/Axe?edit=1',
    '/events',
    '/server',
  ]
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: theme })
    for (const path of paths) {
      await page.goto(base + path)
      await page.waitForLoadState('networkidle')
      // The page's Content-Security-Policy forbids foreign scripts, so the debugger loads axe.
      await page.evaluate(await (await import('node:fs/promises')).readFile(axePath, 'utf8'))
      const found = await page.evaluate(() => window.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }))
      const serious = found.violations
        .filter((v) => v.impact === 'serious' || v.impact === 'critical')
        .map(
          (v) =>
            `${v.id}: ${v.nodes
              .map((n) => `${n.html.slice(0, 160)} ${n.failureSummary?.split('\n')[1] ?? ''}`)
              .slice(0, 3)
              .join(' | ')}`,
        )
      assert.deepEqual(serious, [], `${theme} ${path}`)
    }
  }
})

test('the first load is small and fast', async () => {
  let bytes = 0
  const client = await page.context().newCDPSession(page)
  await client.send('Network.enable')
  client.on('Network.loadingFinished', (e) => (bytes += e.encodedDataLength))
  const began = performance.now()
  await page.goto(`${base}/`)
  await treeItem('servers').waitFor()
  const took = performance.now() - began
  assert.ok(bytes < 150_000, `${bytes} bytes`)
  assert.ok(took < 3000, `${Math.round(took)} ms`)
})
