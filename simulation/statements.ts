const CLOCKS: readonly (readonly [RegExp, string])[] = [
  [/\b(clock_timestamp|now)\(\)/g, 'simulated_now()'],
  [/\bcurrent_date\b/g, `(simulated_now() AT TIME ZONE 'UTC')::date`],
  // Reads any of the many records without an address.
  [/\bORDER BY random\(\)/g, 'ORDER BY 1'],
]

/** A statement as it is sent; prepared under its name, because planning would take most of its time. */
interface Statement {
  readonly sql: string
  readonly usesClock: boolean
  /** It may change or lock a row. */
  readonly mayChange: boolean
  readonly name: string
}

const rewritten = new Map<string, Statement>()

/** A statement of the product by the seed's clock. */
export function byClock(sql: string): Statement {
  let known = rewritten.get(sql)
  if (known === undefined) {
    const text = CLOCKS.reduce((soFar, [what, by]) => soFar.replace(what, by), sql)
    const usesClock = text !== sql || /\bINSERT\b/i.test(sql)
    const mayChange = /\b(INSERT|UPDATE|DELETE|SHARE)\b/i.test(sql)
    known = { sql: text, usesClock, mayChange, name: `s${rewritten.size}` }
    rewritten.set(sql, known)
  }
  return known
}
