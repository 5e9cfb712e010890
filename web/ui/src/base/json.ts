// The server writes an infinity as 1e9999, which JSON.parse turns into Infinity.
// Charts need finite numbers, so parse replaces it.
const largest = '1e308'

// parse parses JSON whose infinities become large finite numbers. Strings do not change.
export function parse(text: string): unknown {
  if (!text.includes('1e9999')) return JSON.parse(text)
  return JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|\b1e9999\b/g, (m) => (m === '1e9999' ? largest : m)))
}
