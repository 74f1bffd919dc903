import { badQuery, ServiceError } from '../errors.js'
import { countConditions, type Comparison, type Filter } from './filter.js'
import { parseLiteral, type Literal } from './literal.js'

const OPERATORS: readonly string[] = ['eq', 'ne', 'gt', 'ge', 'lt', 'le']
const MAX_CONDITIONS = 500
const MAX_IN_TEXT = 850
const TOKEN =
  /\s*(?:(\()|(\))|(@[A-Za-z_]\w*)|((?:[A-Za-z]+\.)*[A-Za-z]*'(?:[^']|'')*')|([^\s()',]+)|(,))/y

/** Parses `$filter`. Syntax errors are 400 0x80060888, more than 500 conditions 400 0x8004430C. */
export function parseFilter(text: string, aliases: ReadonlyMap<string, string>): Filter {
  const parser = new FilterParser(text, aliases)
  const filter = parser.parse()
  if (countConditions(filter) > MAX_CONDITIONS) {
    throw new ServiceError(
      400,
      '0x8004430C',
      'Number of conditions in query exceeded maximum limit.',
    )
  }
  return filter
}

class FilterParser {
  #position = 0

  constructor(
    private readonly text: string,
    private readonly aliases: ReadonlyMap<string, string>,
  ) {}

  parse(): Filter {
    const filter = this.#either()
    if (this.#peek() !== undefined) {
      throw this.#syntaxError()
    }
    return filter
  }

  #either(): Filter {
    const parts = [this.#both()]
    while (this.#take('or')) {
      parts.push(this.#both())
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'or', parts }
  }

  #both(): Filter {
    const parts = [this.#one()]
    while (this.#take('and')) {
      parts.push(this.#one())
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'and', parts }
  }

  #one(): Filter {
    if (this.#take('not')) {
      return { kind: 'not', part: this.#one() }
    }
    if (this.#take('(')) {
      const inner = this.#either()
      this.#expect(')')
      return inner
    }
    const word = this.#next()
    return this.#peek() === '(' ? this.#call(word) : this.#comparison(word)
  }

  #comparison(path: string): Filter {
    const operator = this.#next()
    if (!OPERATORS.includes(operator) || !/^[A-Za-z_][\w/]*$/.test(path)) {
      throw this.#syntaxError()
    }
    const value = this.#literal(this.#next())
    return { kind: 'compare', path: path.split('/'), operator: operator as Comparison, value }
  }

  #call(name: string): Filter {
    const parts = this.#callArguments()
    if (name === 'Microsoft.Dynamics.CRM.In') {
      return this.#inCall(parts)
    }
    if (name === 'contains' || name === 'startswith' || name === 'endswith') {
      const value = this.#literal(parts[1] ?? '')
      if (parts.length !== 2 || value.type !== 'string') {
        throw this.#syntaxError()
      }
      return { kind: 'text', test: name, path: (parts[0] ?? '').split('/'), value: value.value }
    }
    throw badQuery(`An unknown function with name '${name}' was found.`)
  }

  #inCall(parts: readonly string[]): Filter {
    const named = new Map(
      parts.map((part) => {
        const mark = part.indexOf('=')
        return [part.slice(0, mark), this.#resolved(part.slice(mark + 1))] as const
      }),
    )
    const column = parseLiteral(named.get('PropertyName') ?? 'null')
    const values = parseArray(named.get('PropertyValues') ?? '')
    if (column.type !== 'string' || values === undefined || named.size !== 2) {
      throw badQuery(
        "The function 'Microsoft.Dynamics.CRM.In' needs PropertyName and PropertyValues, an array of strings in double quotes.",
      )
    }
    return { kind: 'in', column: column.value, values }
  }

  #callArguments(): string[] {
    const parts: string[] = []
    let start = this.text.indexOf('(', this.#position) + 1
    let depth = 1
    let i = start
    while (i < this.text.length) {
      const char = this.text[i] ?? ''
      if (char === "'") {
        i = this.text.indexOf("'", i + 1) + 1 || this.text.length
        continue
      }
      if (char === '[') {
        i = pastBrackets(this.text, i)
        continue
      }
      i += 1
      if (char === '(') {
        depth += 1
      } else if (depth === 1 && (char === ',' || char === ')')) {
        parts.push(this.text.slice(start, i - 1).trim())
        start = i
      }
      if (char === ')' && --depth === 0) {
        this.#position = i
        return parts
      }
    }
    throw this.#syntaxError()
  }

  #literal(text: string): Literal {
    return parseLiteral(this.#resolved(text))
  }

  #resolved(text: string): string {
    if (!text.startsWith('@')) {
      return text
    }
    const value = this.aliases.get(text)
    if (value === undefined) {
      throw badQuery(`Parameter alias '${text}' is not specified in the query string.`)
    }
    return value
  }

  #peek(): string | undefined {
    TOKEN.lastIndex = this.#position
    return TOKEN.exec(this.text)?.[0]?.trim()
  }

  #next(): string {
    TOKEN.lastIndex = this.#position
    const found = TOKEN.exec(this.text)
    if (found === null) {
      throw this.#syntaxError()
    }
    this.#position = TOKEN.lastIndex
    return found[0].trim()
  }

  #take(word: string): boolean {
    if (this.#peek() !== word) {
      return false
    }
    this.#next()
    return true
  }

  #expect(word: string): void {
    if (!this.#take(word)) {
      throw this.#syntaxError()
    }
  }

  #syntaxError(): ServiceError {
    return badQuery(`Syntax error at position ${this.#position} in the filter.`)
  }
}

/**
 * The position after a bracketed expression. It is found as the service's OData library does (Microsoft.OData.Core,
 * ExpressionLexer.AdvanceThroughBalancedExpression), which counts brackets and skips single-quoted text, but not
 * double-quoted text. So an apostrophe in an array's text hides everything up to the next one.
 */
function pastBrackets(text: string, open: number): number {
  let depth = 1
  let i = open + 1
  while (depth > 0) {
    if (text[i] === "'") {
      i = text.indexOf("'", i + 1)
    }
    if (i < 0 || i >= text.length) {
      throw badQuery('Found an unbalanced bracket expression.')
    }
    if (text[i] === '[') {
      depth += 1
    } else if (text[i] === ']') {
      depth -= 1
    }
    i += 1
  }
  return i
}

/** An array in the call itself, or in its parameter: the same lexer reads both. */
function parseArray(text: string): string[] | undefined {
  if (text.startsWith('[') && pastBrackets(text, 0) !== text.length) {
    return undefined
  }
  let values: unknown
  try {
    values = JSON.parse(text)
  } catch {
    return undefined
  }
  const strings =
    Array.isArray(values) &&
    values.length > 0 &&
    values.every((value) => typeof value === 'string' && value.length <= MAX_IN_TEXT)
  return strings ? (values as string[]) : undefined
}
