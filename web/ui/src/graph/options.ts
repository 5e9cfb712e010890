// Option is a parameter of /render that the page offers. Pages keep all other parameters
// in their address unchanged.
export interface Option {
  name: string
  text: string
  values?: string[] // the first is the default
  hint?: string // placeholder of the input field
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
      { name: 'drawNullAsZero', text: 'Null as zero', values: ['false', 'true'] },
      { name: 'colorList', text: 'Colors', hint: 'red,#1f6feb,…', wide: true },
    ],
  },
  {
    title: 'Value axis',
    options: [
      { name: 'yMin', text: 'Min', hint: 'auto' },
      { name: 'yMax', text: 'Max', hint: 'auto' },
      { name: 'yMinRight', text: 'Min (right)', hint: 'auto' },
      { name: 'yMaxRight', text: 'Max (right)', hint: 'auto' },
      { name: 'logBase', text: 'Log base', values: ['', '2', 'e', '10'] },
      { name: 'vtitle', text: 'Title' },
    ],
  },
  {
    title: 'Image',
    options: [
      { name: 'title', text: 'Title', wide: true },
      { name: 'width', text: 'Width', hint: '586' },
      { name: 'height', text: 'Height', hint: '308' },
      { name: 'template', text: 'Template', values: ['', 'default', 'plain', 'summary', 'noc', 'alphas'] },
      { name: 'hideLegend', text: 'Hide legend', values: ['', 'false', 'true'] },
      { name: 'fontSize', text: 'Font size', hint: '10' },
      { name: 'xFilesFactor', text: 'xFilesFactor', hint: '0–1' },
    ],
  },
]

// isTrue reports whether an option is true, in the spellings that /render accepts.
export function isTrue(v: string | undefined): boolean {
  return v !== undefined && /^(true|1|yes|on)$/i.test(v)
}

// num parses an option that is a number; null: it is not set or not a number.
export function num(v: string | undefined): number | null {
  const n = v === undefined || v === '' ? NaN : Number(v)
  return Number.isFinite(n) ? n : null
}
