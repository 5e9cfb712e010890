// Tests that need no browser: syntax of targets, stored dashboards and their layout, times
// and numbers.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { before, test } from 'node:test'

const { build } = createRequire(createRequire(import.meta.url).resolve('vite'))('esbuild')

// Parts of a browser that the modules need.
globalThis.document = { querySelector: () => null }
globalThis.location = globalThis.window = { location: { pathname: '/', search: '' } }
globalThis.addEventListener = () => {}
globalThis.CSS = { supports: () => true }

let syntax, model, layout, time, format, json, style, state, router

before(async () => {
  const modules = [
    'graph/syntax',
    'dashboard/model',
    'dashboard/layout',
    'base/time',
    'base/format',
    'base/json',
    'graph/style',
    'graph/state',
    'base/router',
  ]
  const source = modules.map((m) => `export * as ${m.split('/')[1]} from './src/${m}'`).join('\n')
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: new URL('..', import.meta.url).pathname },
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'silent',
  })
  ;({ syntax, model, layout, time, format, json, style, state, router } = await import(
    `data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`
  ))
})

test('tokens have the right kind and cover the text', () => {
  const kinds = (text) => syntax.tokens(text).map((t) => `${t.kind} ${t.text}`)
  assert.deepEqual(kinds('scale(a.{b,c}.*, -1e3)'), [
    'function scale',
    'mark (',
    'path a.{b,c}.*',
    'mark ,',
    'number -1e3',
    'mark )',
  ])
  assert.deepEqual(kinds(`alias(a,'it\\'s (')`), [
    'function alias',
    'mark (',
    'path a',
    'mark ,',
    "string 'it\\'s ('",
    'mark )',
  ])
  assert.deepEqual(kinds('f(a;b=c,x=1)'), ['function f', 'mark (', 'path a;b=c', 'mark ,', 'name x=1', 'mark )'])
  for (const text of ['', '(((', "a'b", 'a"', '{', 'f( "x\\', '),,', 'ü.ß(é)']) {
    const joined = syntax
      .tokens(text)
      .map((t) => t.text)
      .join('')
    assert.equal(joined, text.replace(/ /g, ''), text)
  }
})

test('escaped names are single tokens', () => {
  for (const name of ['a.b-c:d', "odd.quo'te.x", 'a.f(x).y', 'a,b;c={d,e}', 'back\\slash', 'say"hi"']) {
    const target = syntax.escapeName(name)
    assert.equal(syntax.check(target), null, target)
    assert.deepEqual(
      syntax.tokens(`f(${target},2)`).map((t) => t.text),
      ['f', '(', target, ',', '2', ')'],
    )
    assert.equal(syntax.unescapeName(target), name)
  }
  assert.equal(syntax.escapeName('a.b;c=d'), 'a.b;c=d')
})

test('unbalanced brackets and quotes are found at their position', () => {
  assert.equal(syntax.check('f(a.b,"x")'), null)
  assert.equal(syntax.check('f(a.b').at, 1)
  assert.equal(syntax.check('a.b)').at, 3)
  assert.equal(syntax.check('f(a,"x)').at, 4)
  assert.deepEqual(syntax.locate('unknown function: x, at position 12 of the target ("f(a)")'), {
    at: 12,
    text: 'unknown function: x',
  })
  assert.deepEqual(syntax.locate('from: what is this'), { at: -1, text: 'from: what is this' })
})

test('the context at the cursor', () => {
  const at = (text) => {
    const cursor = text.indexOf('|')
    const { call, argument, word, quoted } = syntax.context(text.replace('|', ''), cursor)
    return [call, argument, word, quoted]
  }
  assert.deepEqual(at('sumSeries(serv|'), ['sumSeries', 0, 'serv', false])
  assert.deepEqual(at('f(g(a), b.c|d, e)'), ['f', 1, 'b.c', false])
  assert.deepEqual(at('summarize(a, "1|", "s")'), ['summarize', 1, '1', true])
  assert.deepEqual(at('f(a)|'), ['', 0, '', false])
  assert.deepEqual(at('f(a, |)'), ['f', 1, '', false])
})

test('functions set the style of series', () => {
  assert.deepEqual(style.styleOf('dashed(color(a.b,"#ff0000"),4)'), { dash: 4, color: '#ff0000' })
  assert.deepEqual(style.styleOf('secondYAxis(alias(a,"color(x)"))'), { second: true })
  assert.deepEqual(style.styleOf('a.b'), {})
})

test('a graph is read from its address and written back', () => {
  const text = 'target=f(a%2C%22x%22)&target=b&off=1&from=-2h&until=now&tz=UTC&areaMode=stacked&_uniq=7'
  const g = state.readGraph(new URLSearchParams(text))
  assert.deepEqual(g, {
    targets: [
      { text: 'f(a,"x")', off: false },
      { text: 'b', off: true },
    ],
    range: { from: '-2h', until: 'now' },
    tz: 'UTC',
    options: { areaMode: 'stacked' },
  })
  assert.deepEqual(state.readGraph(new URLSearchParams(state.writeGraph(g))), g)
  assert.deepEqual(
    state.renderParams(g).filter(([n]) => n === 'target'),
    [['target', 'f(a,"x")']],
  )
})

test('dashboards of graphite-web are read and written', () => {
  const old = {
    name: 'x',
    graphs: [
      [['a.b'], { target: ['a.b'], title: 'T', from: '-9h', width: '300', yMin: 0 }, '/render?'],
      [['c'], {}, '/render?target=c'],
      ['broken'],
      [[], {}, '/render?target=d&target=e&title=D'],
      null,
      7,
    ],
    timeConfig: {
      type: 'relative',
      relativeStartUnits: 'hours',
      relativeStartQuantity: '3',
      relativeUntilUnits: 'now',
    },
    refreshConfig: { enabled: true, interval: 45000 },
    graphSize: { width: 1 },
  }
  const d = model.readState('n', old)
  assert.deepEqual(
    d.panels.map((p) => p.targets.map((t) => t.text)),
    [['a.b'], ['c'], ['broken'], ['d', 'e']],
  )
  assert.deepEqual(d.panels[0].options, { title: 'T', yMin: '0' })
  assert.deepEqual([d.range, d.refresh, d.rest.graphSize], [{ from: '-3hours', until: '' }, 45, { width: 1 }])
  const written = model.writeState(d)
  assert.deepEqual(written.graphs[0][0], ['a.b'])
  assert.deepEqual(written.timeConfig.relativeStartUnits, 'hours')
  const again = model.readState('n', JSON.parse(JSON.stringify(written)))
  assert.deepEqual(
    again.panels.map(({ id, ...p }) => p),
    d.panels.map(({ id, ...p }) => p),
  )
  for (const nonsense of [
    null,
    [],
    'x',
    { graphs: 7 },
    { graphs: [{}, [], [[]]], carbon: { layout: [{ x: 'a', w: 1e9, h: -1 }], variables: [7] } },
  ]) {
    assert.deepEqual(model.readState('n', nonsense).panels, [])
  }
})

test("graphite-web's bookmarks of dashboards are read", () => {
  assert.equal(router.dashboardOf('/dashboard', '#Web servers'), '/dashboard/Web%20servers')
  assert.equal(router.dashboardOf('/dashboard', '#a%26b'), '/dashboard/a%26b')
  assert.equal(router.dashboardOf('/dashboard', '#tmpl/web01'), '/dashboard/tmpl/web01')
  assert.equal(router.dashboardOf('/dashboard', '#50%'), '/dashboard/50%25')
  assert.equal(router.dashboardOf('/dashboard', ''), '')
  assert.equal(router.dashboardOf('/composer', '#x'), '')
})

test('variables are replaced by whole names', () => {
  const v = [
    { name: 'host', query: '', value: 'web$&' },
    { name: 'hosts', query: '', value: 'all' },
  ]
  assert.equal(model.fill('a.$host.b.${host}c.$hosts', v), 'a.web$&.b.web$&c.all')
  const all = [{ name: 'host', query: 'tag: host', value: '*' }]
  assert.equal(
    model.fill("f(seriesByTag('name=a','host=$host',\"dc=~${host}\"),a.$host)", all),
    "f(seriesByTag('name=a','host=~.+',\"dc=~.+\"),a.*)",
  )
  assert.equal(model.fill("seriesByTag('host!=$host','host=$hosts')", all), "seriesByTag('host!=*','host=$hosts')")
  assert.equal(model.fill("seriesByTag('host=$host')", [{ ...all[0], value: 'web01' }]), "seriesByTag('host=web01')")
})

test('panels neither overlap nor float after a move', () => {
  const panels = [
    [0, 0, 12, 6],
    [12, 0, 12, 6],
    [0, 6, 24, 6],
    [4, 12, 8, 3],
  ].map(([x, y, w, h], i) => ({ id: i + 1, x, y, w, h }))
  const assertLayout = (list) => {
    for (const a of list) {
      assert.ok(a.x >= 0 && a.x + a.w <= 24 && a.y >= 0, JSON.stringify(a))
      for (const b of list)
        if (a.id !== b.id)
          assert.ok(a.x >= b.x + b.w || b.x >= a.x + a.w || a.y >= b.y + b.h || b.y >= a.y + a.h, 'overlap')
      assert.ok(a.y === 0 || list.some((b) => b.y + b.h === a.y && b.x < a.x + a.w && a.x < b.x + b.w), 'floats')
    }
  }
  for (let x = -3; x < 26; x += 2) {
    for (let y = -2; y < 20; y += 3) {
      for (const id of [1, 3, 4]) {
        assertLayout(layout.place(panels, id, { x, y }))
        assertLayout(layout.place(panels, id, { w: x, h: y }))
      }
    }
  }
})

test('times and numbers', () => {
  assert.deepEqual(time.windowOf({ from: '-1h', until: '' }, 10_000), [6400, 10_000])
  assert.deepEqual(time.windowOf({ from: '-5min', until: '-1min' }, 10_000), [9700, 9940])
  assert.equal(time.windowOf({ from: 'monday', until: '' }, 10_000), null)
  assert.equal(time.windowOf({ from: '-1min', until: '-1h' }, 10_000), null)
  assert.deepEqual(
    [time.twice({ from: '-90min', until: '' }), time.twice({ from: '', until: 'now' })],
    [
      { from: '-180min', until: '' },
      { from: '-2d', until: 'now' },
    ],
  )
  assert.deepEqual([time.twice({ from: 'monday', until: '' }), time.twice({ from: '-2h', until: '-1h' })], [null, null])
  assert.deepEqual(
    ['', '0', '999', '12345', '1234567', '0.00001', '-2500'].map((v) => format.short(v === '' ? null : Number(v))),
    ['–', '0', '999', '12.35k', '1.235M', '1.0e-5', '-2.5k'],
  )
  assert.deepEqual(format.axis([0, 500, 1000, null]), ['0', '0.5k', '1.0k', ''])
  assert.deepEqual(format.axis([0, 0.25, 0.5]), ['0', '0.25', '0.50'])
  assert.deepEqual(format.axis([20, 22.5, 25]), ['20.0', '22.5', '25.0'])
  assert.deepEqual(format.axis([0, 1e-7, 2e-7]), ['0', '0.0000001', '0.0000002'])
})

test('infinite numbers become finite, and strings do not change', () => {
  const series = (name) => ({ target: name, tags: { name, [name]: 'a"1e9999' }, datapoints: [[1, 60]] })
  for (const name of ['a.1e9999.b', '1e9999', 'NaN', 'quo"te 1e9999', 'back\\slash\\', '\\"1e9999', 'x\n1e9999'])
    assert.deepEqual(json.parse(JSON.stringify([series(name)])), [series(name)], name)
  const { a } = json.parse('{"a":[[1e9999,60],[-1e9999,120]],"b":"1e9999"}')
  assert.deepEqual(a, [
    [1e308, 60],
    [-1e308, 120],
  ])
})
