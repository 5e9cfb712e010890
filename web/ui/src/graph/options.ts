// The options of pictures that the page offers, in groups. All others of /render
// are kept where they are in an address.
export interface Option {
  name: string
  text: string
  values?: string[] // to choose from
  hint?: string
  wide?: boolean
}

export const optionGroups: { title: string; options: Option[] }[] = [
  {
    title: 'Lines',
    options: [
      { name: 'areaMode', text: 'Area', values: ['none', 'first', 'all', 'stacked'] },
      { name: 'lineMode', text: 'Line', values: ['slope', 'staircase', 'connected'] },
      { name: 'lineWidth', text: 'Width', hint: '1.2' },
      { name: 'areaAlpha', text: 'Area opacity', hint: '0–1' },
      { name: 'drawNullAsZero', text: 'No value is 0', values: ['false', 'true'] },
      { name: 'colorList', text: 'Colors', hint: 'red,#1f6feb,…', wide: true },
    ],
  },
  {
    title: 'Value axis',
    options: [
      { name: 'yMin', text: 'Min', hint: 'auto' },
      { name: 'yMax', text: 'Max', hint: 'auto' },
      { name: 'yMinRight', text: 'Min, right', hint: 'auto' },
      { name: 'yMaxRight', text: 'Max, right', hint: 'auto' },
      { name: 'logBase', text: 'Log base', values: ['', '2', 'e', '10'] },
      { name: 'vtitle', text: 'Title' },
    ],
  },
  {
    title: 'Picture',
    options: [
      { name: 'title', text: 'Title', wide: true },
      { name: 'width', text: 'Width', hint: '586' },
      { name: 'height', text: 'Height', hint: '308' },
      { name: 'template', text: 'Look', values: ['', 'default', 'plain', 'summary', 'noc', 'alphas'] },
      { name: 'hideLegend', text: 'Legend', values: ['', 'false', 'true'] },
      { name: 'fontSize', text: 'Font size', hint: '10' },
      { name: 'xFilesFactor', text: 'xFilesFactor', hint: '0–1' },
    ],
  },
]

export function isTrue(v: string | undefined): boolean {
  return v !== undefined && /^(true|1|yes|on)$/i.test(v)
}

export function num(v: string | undefined): number | null {
  const n = v === undefined || v === '' ? NaN : Number(v)
  return Number.isFinite(n) ? n : null
}
