// The server under test, and its data.
import { connect } from 'node:net'

export const base = process.env.CARBON_URL
const [host, port] = (process.env.CARBON_LINE ?? '').split(/:(?=\d+$)/)

// send sends lines, and returns when the server has read all of them.
export function send(lines) {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host, () => socket.end(lines))
    socket.on('error', reject)
    socket.on('close', resolve)
    socket.resume()
  })
}

const hosts = ['web01', 'web02', 'web03', 'db01']

// demo returns the lines of a few servers at a time in unix seconds.
export function demo(t) {
  const noise = (n) => (((Math.sin(t * 12.9898 + n * 78.233) * 43758.5453) % 1) + 1) % 1
  const lines = hosts.flatMap((h, i) => {
    const cpu = 25 + 10 * i + 12 * Math.sin(t / 1500 + i) + 6 * noise(i)
    return [
      `servers.${h}.cpu.user ${cpu.toFixed(2)}`,
      `servers.${h}.cpu.system ${(cpu / 3 + 3 * noise(i + 10)).toFixed(2)}`,
      `servers.${h}.load.shortterm ${(cpu / 20).toFixed(2)}`,
      `servers.${h}.memory.used ${Math.round(4e9 + 1e9 * Math.sin(t / 3000 + i) + i * 5e8)}`,
      `servers.${h}.network.eth0.rx ${Math.round(2e6 + 1.5e6 * Math.sin(t / 900 + i * 2) + 4e5 * noise(i + 20))}`,
      `http.requests;host=${h};status=200 ${Math.round(400 + 200 * Math.sin(t / 1200 + i) + 60 * noise(i + 30))}`,
      `http.requests;host=${h};status=500 ${Math.max(0, Math.round(12 * Math.sin(Math.floor(t / 240) * (i + 1.7)) - 8 + noise(i + 40)))}`,
      `http.latency.p99;host=${h} ${(120 + 30 * Math.sin(t / 700 + i) + 25 * noise(i + 50)).toFixed(1)}`,
    ].map((l) => `${l} ${t}`)
  })
  if (t % 60 === 0) {
    const own = {
      metricsReceived: 12e3 + 900 * noise(60),
      committedPoints: 11.9e3 + 1100 * noise(61),
      'cache.size': 58e3 + 22e3 * Math.sin(t / 2000),
      updateOperations: 240 + 80 * noise(62),
      pointsPerUpdate: 50 + 4 * noise(63),
      'wal.size': 4e6 + 1.5e6 * Math.sin(t / 2500),
      creates: Math.round(3 * noise(64)),
      errors: 0,
      discarded: 0,
      outOfRange: 0,
      'wal.writeErrors': 0,
      cpuUsage: 3 + noise(65),
      memUsage: 62e6 + 4e6 * noise(66),
      'cache.oldest': 900 + 300 * Math.sin(t / 2000),
      'disk.free': 42e9 - (t % 1e5) * 1e4,
    }
    for (const [name, value] of Object.entries(own))
      lines.push(`carbon.agents.stats-a.${name} ${value.toFixed(2)} ${t}`)
  }
  return `${lines.join('\n')}\n`
}

export async function feedDemo(hours) {
  const now = Math.floor(Date.now() / 10000) * 10
  const lines = []
  for (let t = now - hours * 3600; t <= now; t += 10) lines.push(demo(t))
  await send(lines.join(''))
}

export async function post(path, body) {
  const isText = typeof body === 'string'
  const r = await fetch(base + path, { method: 'POST', body: isText ? body : new URLSearchParams(body) })
  if (!r.ok) throw new Error(`${path}: ${r.status} ${await r.text()}`)
}

export async function get(path) {
  const r = await fetch(base + path)
  if (!r.ok) throw new Error(`${path}: ${r.status} ${await r.text()}`)
  return r.json()
}
