import { aborted, Failure, getJSON, message } from '../base/api'
import { drawn, type Graph, renderParams } from './state'
import { type Style, styleOf, styling } from './style'
import { check, locate, type Problem } from './syntax'

export interface Series {
  name: string
  points: [number | null, number][] // value, unix seconds
  style: Style
}

export interface Loaded {
  series: Series[]
  problems: Map<string, Problem> // by target
  failure: string // error that affects all targets; empty: none
}

interface Answer {
  target: string
  datapoints: [number | null, number][]
}

// maxLines is the maximum number of series that a chart draws.
export const maxLines = 500

// load evaluates the targets of a graph with one request. If the server rejects it, or if
// a target contains a function that sets a style, load requests each target alone, so that
// an invalid target does not hide the others.
export async function load(g: Graph, points: number, signal: AbortSignal): Promise<Loaded> {
  const problems = new Map<string, Problem>()
  const targets = [...new Set(drawn(g))].filter((t) => {
    const problem = check(t)
    if (problem) problems.set(t, problem)
    return !problem
  })
  const request = async (some: string[]): Promise<Answer[]> => {
    if (!some.length) return []
    const part: Graph = { ...g, targets: some.map((text) => ({ text })), options: evaluated(g.options) }
    return getJSON<Answer[]>('/render', renderParams(part, { format: 'json', maxDataPoints: String(points) }), signal)
  }
  const requestEach = async (): Promise<Loaded> => {
    const lists = await Promise.all(
      targets.map(async (t) => {
        try {
          return toSeries(await request([t]), styleOf(t))
        } catch (e) {
          if (!(e instanceof Failure) || e.status !== 400) throw e
          problems.set(t, locate(e.message))
          return []
        }
      }),
    )
    return { series: lists.flat(), problems, failure: '' }
  }
  try {
    if (targets.some((t) => styling.test(t))) return await requestEach()
    try {
      return { series: toSeries(await request(targets), {}), problems, failure: '' }
    } catch (e) {
      if (!(e instanceof Failure) || e.status !== 400) throw e
      const each = await requestEach()
      if (!problems.size) each.failure = e.message
      return each
    }
  } catch (e) {
    if (aborted(e)) throw e
    return { series: [], problems, failure: message(e) }
  }
}

// evaluated returns the options that change the evaluation. The others change only the
// drawing.
function evaluated(options: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).filter(
      ([name]) => name.startsWith('template') || name === 'xFilesFactor' || name === 'now',
    ),
  )
}

function toSeries(answers: Answer[], s: Style): Series[] {
  return answers.map((a) => ({ name: a.target, points: a.datapoints, style: s }))
}
