import { Failure, getJSON, message } from '../base/api'
import { drawn, type Graph, renderParams } from './state'
import { type Style, styleOf, styling } from './style'
import { check, type Problem, place } from './syntax'

export interface Series {
  name: string
  points: [number | null, number][] // value, unix seconds
  style: Style
}

export interface Loaded {
  series: Series[]
  problems: Map<string, Problem> // by target
  failure: string // of all; empty: none
}

interface Answer {
  target: string
  datapoints: [number | null, number][]
}

// maxLines is how many series a chart draws: more are no picture.
export const maxLines = 500

// load evaluates the targets of a graph. One that is wrong does not keep the others
// from being drawn: then each is asked for alone, to find which.
export async function load(g: Graph, points: number, signal: AbortSignal): Promise<Loaded> {
  const problems = new Map<string, Problem>()
  const targets = [...new Set(drawn(g))].filter((t) => {
    const problem = check(t)
    if (problem) problems.set(t, problem)
    return !problem
  })
  const ask = async (some: string[]): Promise<Answer[]> => {
    if (!some.length) return []
    const only: Graph = { ...g, targets: some.map((text) => ({ text })), options: template(g.options) }
    return getJSON<Answer[]>('/render', renderParams(only, { format: 'json', maxDataPoints: String(points) }), signal)
  }
  const alone = async (): Promise<Loaded> => {
    const lists = await Promise.all(
      targets.map(async (t) => {
        try {
          return toSeries(await ask([t]), styleOf(t))
        } catch (e) {
          if (!(e instanceof Failure) || e.status !== 400) throw e
          problems.set(t, place(e.message))
          return []
        }
      }),
    )
    return { series: lists.flat(), problems, failure: '' }
  }
  try {
    if (targets.some((t) => styling.test(t))) return await alone()
    try {
      return { series: toSeries(await ask(targets), {}), problems, failure: '' }
    } catch (e) {
      if (!(e instanceof Failure) || e.status !== 400) throw e
      const one = await alone()
      if (!problems.size) one.failure = e.message
      return one
    }
  } catch (e) {
    if (e instanceof DOMException) throw e
    return { series: [], problems, failure: message(e) }
  }
}

// template are the options that change what is evaluated.
function template(options: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).filter(
      ([name]) => name.startsWith('template') || name === 'xFilesFactor' || name === 'now',
    ),
  )
}

function toSeries(answers: Answer[], s: Style): Series[] {
  return answers.map((a) => ({ name: a.target, points: a.datapoints, style: s }))
}
