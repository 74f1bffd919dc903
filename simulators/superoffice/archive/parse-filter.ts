import { badRequest } from '../errors.js'
import type { ArchiveColumn } from './columns.js'
import type { Filter } from './filter.js'
import { arityOf, condition, type Literal } from './operators.js'
import { tokenize, type Token } from './tokens.js'

/** Text functions, by the position of the column. */
const FUNCTIONS: Readonly<Record<string, { readonly operator: string; readonly columnAt: 0 | 1 }>> =
  {
    startswith: { operator: 'begins', columnAt: 0 },
    endswith: { operator: 'endswith', columnAt: 0 },
    substringof: { operator: 'contains', columnAt: 1 },
  }

/**
 * Reads a `$filter`; `and` has precedence over `or`. Throws 400 for unknown columns and operators, and for wrong
 * values.
 * @param aheadSeconds how far its times are ahead of stamps.
 */
export function parseFilter(
  text: string,
  bind: (name: string) => ArchiveColumn,
  aheadSeconds: number,
): Filter {
  const parser = new FilterParser(tokenize(text), bind, aheadSeconds)
  return parser.whole()
}

class FilterParser {
  #at = 0

  constructor(
    private readonly tokens: readonly Token[],
    private readonly bind: (name: string) => ArchiveColumn,
    private readonly aheadSeconds: number,
  ) {}

  whole(): Filter {
    const filter = this.#list('or', () => this.#list('and', () => this.#single()))
    if (this.#at < this.tokens.length) {
      throw this.#unexpected()
    }
    return filter
  }

  #list(word: 'and' | 'or', next: () => Filter): Filter {
    const parts = [next()]
    while (this.#accept('word', word)) {
      parts.push(next())
    }
    return parts.length === 1 ? parts[0]! : { kind: word, parts }
  }

  #single(): Filter {
    if (this.#accept('sign', '(')) {
      const inner = this.#list('or', () => this.#list('and', () => this.#single()))
      this.#expect(')')
      return inner
    }
    const name = this.#next('word')
    const call = FUNCTIONS[name]
    if (call !== undefined && this.#accept('sign', '(')) {
      return this.#textFunction(call)
    }
    const column = this.bind(name)
    const operator = this.#accept('sign', '=') ? '=' : this.#next('word')
    const arity = arityOf(column, operator)
    const values = arity === 'one' ? [this.#literal()] : this.#literals()
    if (arity === 'two' && values.length !== 2) {
      throw badRequest(`Operator '${operator}' takes two values`)
    }
    return condition(column, operator, values, this.aheadSeconds)
  }

  #textFunction({ operator, columnAt }: { operator: string; columnAt: 0 | 1 }): Filter {
    const first = columnAt === 0 ? this.#next('word') : this.#next('text')
    this.#expect(',')
    const second = columnAt === 0 ? this.#next('text') : this.#next('word')
    this.#expect(')')
    const column = this.bind(columnAt === 0 ? first : second)
    const given = (columnAt === 0 ? second : first).toLowerCase()
    if (operator === 'endswith' && column.type === 'string') {
      const holds = (value: string | number) => String(value).toLowerCase().endsWith(given)
      return { kind: 'condition', column, holds }
    }
    return condition(column, operator, [{ kind: 'text', text: given }], this.aheadSeconds)
  }

  #literals(): readonly Literal[] {
    this.#expect('(')
    const values = [this.#literal()]
    while (this.#accept('sign', ',')) {
      values.push(this.#literal())
    }
    this.#expect(')')
    return values
  }

  #literal(): Literal {
    const token = this.tokens[this.#at]
    if (token === undefined || token.kind === 'sign') {
      throw this.#unexpected()
    }
    this.#at += 1
    return { kind: token.kind, text: token.text }
  }

  #next(kind: Token['kind']): string {
    const token = this.tokens[this.#at]
    if (token?.kind !== kind) {
      throw this.#unexpected()
    }
    this.#at += 1
    return token.text
  }

  #accept(kind: Token['kind'], text: string): boolean {
    const token = this.tokens[this.#at]
    const found = token?.kind === kind && token.text === text
    this.#at += found ? 1 : 0
    return found
  }

  #expect(sign: string): void {
    if (!this.#accept('sign', sign)) {
      throw this.#unexpected()
    }
  }

  #unexpected(): Error {
    return badRequest(`Syntax error in $filter near part ${this.#at + 1}`)
  }
}
