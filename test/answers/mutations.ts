/** One field of an answer in another form. */
export interface Mutation {
  /** `detail.new.version`; `contactIds.0`; empty: the complete answer. */
  readonly path: string
  readonly how: string
  readonly value: unknown
}

const ABSENT = Symbol('absent')

/** One value of each JSON type that has no meaning in any of our fields. */
const ODD: Readonly<Record<string, unknown>> = {
  text: 'an unknown word',
  number: -7.5,
  flag: true,
  list: [{ odd: 1 }],
  object: { odd: 1 },
}

function typeOf(value: unknown): string {
  return Array.isArray(value)
    ? 'list'
    : typeof value === 'string'
      ? 'text'
      : typeof value === 'boolean'
        ? 'flag'
        : typeof value
}

/**
 * The answer with one field at a time absent, null, of another JSON type, with an unknown word instead of a text, and
 * with further fields in each of its objects.
 */
export function* mutations(whole: unknown): Generator<Mutation> {
  for (const { path, value, put } of fields(whole)) {
    if (!Array.isArray(value) && typeof value === 'object' && value !== null) {
      const more = { ...value, 'Odd@odata.type': '#Odd', odd: [{ odd: null }] }
      yield { path, how: 'further fields', value: put(more) }
    }
    if (path !== '') {
      yield { path, how: 'absent', value: put(ABSENT) }
    }
    if (value !== null) {
      yield { path, how: 'null', value: put(null) }
    }
    for (const [type, odd] of Object.entries(ODD)) {
      if (type !== typeOf(value)) {
        yield { path, how: type, value: put(odd) }
      } else if (type === 'text') {
        yield { path, how: 'an unknown word', value: put(odd) }
      }
    }
  }
}

interface Field {
  readonly path: string
  readonly value: unknown
  /** The complete answer with another value at this path. */
  readonly put: (other: unknown) => unknown
}

function* fields(value: unknown): Generator<Field> {
  yield { path: '', value, put: (other) => other }
  if (typeof value !== 'object' || value === null) {
    return
  }
  for (const [name, one] of Object.entries(value)) {
    for (const { path, value: inner, put } of fields(one)) {
      yield {
        path: path === '' ? name : `${name}.${path}`,
        value: inner,
        put: (other) => withEntry(value, name, put(other)),
      }
    }
  }
}

function withEntry(value: object, name: string, entry: unknown): unknown {
  if (Array.isArray(value)) {
    return value.flatMap((one: unknown, at) =>
      String(at) !== name ? [one] : entry === ABSENT ? [] : [entry],
    )
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) =>
      key !== name ? [[key, one]] : entry === ABSENT ? [] : [[key, entry]],
    ),
  )
}
