// The syntax of targets, as far as the editor needs it: tokens, unbalanced brackets and
// quotes, and the function call at the cursor.

// A mark is a bracket or a comma. A name is a named argument, name=value.
export type Kind = 'function' | 'path' | 'string' | 'number' | 'mark' | 'name'

export interface Token {
  kind: Kind
  at: number // offset of its first character
  text: string
}

const space = /\s/
const marks = '(),'

// tokens splits a target into tokens. It accepts any text.
export function tokens(text: string): Token[] {
  const found: Token[] = []
  let i = 0
  while (i < text.length) {
    const c = text[i]!
    if (space.test(c)) {
      i++
      continue
    }
    const at = i
    if (c === '"' || c === "'") {
      i++
      while (i < text.length && text[i] !== c) i += text[i] === '\\' ? 2 : 1
      i = Math.min(i + 1, text.length)
      found.push({ kind: 'string', at, text: text.slice(at, i) })
    } else if (marks.includes(c)) {
      i++
      found.push({ kind: 'mark', at, text: c })
    } else {
      let braces = 0
      while (i < text.length) {
        const d = text[i]!
        if (d === '\\') {
          i = Math.min(i + 2, text.length)
          continue
        }
        if (d === '{') braces++
        else if (d === '}') braces--
        else if (braces <= 0 && (marks.includes(d) || space.test(d) || d === '"' || d === "'")) break
        i++
      }
      const word = text.slice(at, i)
      const next = text.slice(i).trimStart()[0]
      let kind: Kind = 'path'
      if (next === '(') kind = 'function'
      else if (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(word)) kind = 'number'
      else if (/^[a-zA-Z_]\w*=/.test(word) && !word.includes('.') && !word.includes(';')) kind = 'name'
      else if (/^(true|false|none)$/i.test(word)) kind = 'number'
      found.push({ kind, at, text: word })
    }
  }
  return found
}

// escapeName returns the target that draws the metric of this name. Characters that are
// part of the syntax get a backslash.
export function escapeName(name: string): string {
  return name.replace(/[\\(){},"']/g, '\\$&')
}

// unescapeName returns the name of the metric that a target draws. It also accepts the
// beginning of a target.
export function unescapeName(target: string): string {
  return target.replace(/\\([\\(){},"'])/g, '$1')
}

export interface Problem {
  at: number // offset in the target; -1: unknown
  text: string
}

// check finds unbalanced brackets and quotes. All other errors are found by the server.
export function check(text: string): Problem | null {
  const open: Token[] = []
  for (const token of tokens(text)) {
    if (token.kind === 'string') {
      const quote = token.text[0]
      if (token.text.length < 2 || !token.text.endsWith(quote!))
        return { at: token.at, text: `missing closing ${quote}` }
    } else if (token.text === '(' && token.kind === 'mark') {
      open.push(token)
    } else if (token.text === ')' && token.kind === 'mark' && !open.pop()) {
      return { at: token.at, text: 'unexpected )' }
    }
  }
  const last = open.pop()
  return last ? { at: last.at, text: 'missing )' } : null
}

// locate reads the position in the target from an error message of the server.
export function locate(message: string): Problem {
  const m = /^(.*?),? at position (\d+) of the target/s.exec(message)
  return m ? { at: Number(m[2]), text: m[1]! } : { at: -1, text: message }
}

// Context describes the word at the cursor.
export interface Context {
  start: number // offset of the word
  word: string // its part before the cursor
  end: number // offset of the end of the word, after the cursor
  call: string // function whose argument the word is; empty: none
  argument: number // index of the argument
  quoted: boolean // the word is in a string
}

// context returns the context of the cursor in a target.
export function context(text: string, cursor: number): Context {
  const calls: { name: string; argument: number }[] = []
  const all = tokens(text)
  let current: Token | null = null
  let before: Token | null = null
  for (const token of all) {
    const end = token.at + token.text.length
    if (token.at >= cursor) break
    if (end >= cursor && token.kind !== 'mark') {
      const closed =
        token.kind === 'string' && end === cursor && token.text.length > 1 && token.text.endsWith(token.text[0]!)
      if (!closed) current = token
      if (end > cursor || !closed) break
    }
    if (token.kind === 'mark') {
      if (token.text === '(') calls.push({ name: before?.kind === 'function' ? before.text : '', argument: 0 })
      else if (token.text === ')') calls.pop()
      else if (calls.length) calls[calls.length - 1]!.argument++
    }
    before = token
  }
  const call = calls[calls.length - 1]
  const base = { call: call?.name ?? '', argument: call?.argument ?? 0 }
  if (!current) return { ...base, start: cursor, word: '', end: cursor, quoted: false }
  if (current.kind === 'string') {
    const closed = current.text.length > 1 && current.text.endsWith(current.text[0]!)
    return {
      ...base,
      start: current.at + 1,
      word: text.slice(current.at + 1, cursor),
      end: current.at + current.text.length - (closed ? 1 : 0),
      quoted: true,
    }
  }
  return {
    ...base,
    start: current.at,
    word: text.slice(current.at, cursor),
    end: current.at + current.text.length,
    quoted: false,
  }
}

// outerCalls returns the calls that surround the innermost first argument, outermost
// first. args are their arguments after the first.
export function outerCalls(text: string): { name: string; args: string[] }[] {
  const found: { name: string; args: string[] }[] = []
  let rest = text.trim()
  for (;;) {
    const m = /^([a-zA-Z_]\w*)\s*\(/.exec(rest)
    if (!m || !rest.endsWith(')')) return found
    const args = split(rest.slice(m[0].length, -1))
    if (!args.length) return found
    found.push({ name: m[1]!, args: args.slice(1).map(unquote) })
    rest = args[0]!
  }
}

function split(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (const token of tokens(text)) {
    if (token.kind !== 'mark') continue
    if (token.text === '(') depth++
    else if (token.text === ')') depth--
    else if (depth === 0) {
      parts.push(text.slice(start, token.at).trim())
      start = token.at + 1
    }
  }
  parts.push(text.slice(start).trim())
  return parts
}

function unquote(text: string): string {
  return /^(["']).*\1$/s.test(text) ? text.slice(1, -1) : text
}
