// What the server says of itself in the page (web/app.html).
const data = document.querySelector<HTMLMetaElement>('meta[name=carbon]')?.dataset ?? {}

export const config = {
  prefix: data.prefix ?? '', // of every path
  version: data.version ?? '',
  line: data.line ?? '', // host:port that takes lines; empty: none
  own: data.own ?? '', // a pattern of the server's own metrics
  icon: data.icon ?? '',
}
