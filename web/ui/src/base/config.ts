// Settings that the server writes into the page (web/app.html).
const data = document.querySelector<HTMLMetaElement>('meta[name=carbon]')?.dataset ?? {}

export const config = {
  prefix: data.prefix ?? '', // of every path
  version: data.version ?? '',
  line: data.line ?? '', // host:port of the plaintext receiver; empty: none
  own: data.own ?? '', // pattern of the server's self metrics
  icon: data.icon ?? '',
}
