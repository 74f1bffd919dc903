import { defaultPayloadConverter, type Payload } from '@temporalio/common'

/** Payloads of a message, as any client may send them. */
export type Payloads = readonly Payload[]

/** One bad input, and its name in the table. */
export type BadInput = readonly [name: string, payloads: Payloads]

const bytes = (text: string) => new TextEncoder().encode(text)

/** A payload with any encoding; null: it names none. */
export function encoded(encoding: string | null, data: Uint8Array): Payload {
  return { metadata: encoding === null ? {} : { encoding: bytes(encoding) }, data }
}

/** A value as every client of Temporal sends it by default. */
export function json(value: unknown): Payload {
  return defaultPayloadConverter.toPayload(value)
}

/** Unchanged JSON text: keys that an object literal cannot have, half a surrogate pair. */
export function jsonText(text: string): Payload {
  return encoded('json/plain', bytes(text))
}

/** Slightly less than the server accepts (2 MB). */
const LARGE = 1_900_000
// Large payloads are created once, because each message of each workflow is sent all of them.
const LARGE_TEXT = json('x'.repeat(LARGE))
const MANY_KEYS = `${Array.from({ length: 100_000 }, (_, index) => `"k${index}":1`).join(',')},"k"`

/** Payloads that no input and no message may be, whatever its fields. @param good a valid one. */
export function badPayloads(good: object): readonly BadInput[] {
  const whole = JSON.stringify(good)
  const withKey = (key: string, value = '1') => jsonText(`${whole.slice(0, -1)},${key}:${value}}`)
  return [
    ['null', [json(null)]],
    ['two arguments', [json(good), json(good)]],
    ['an empty object', [json({})]],
    ['a list of it', [json([good])]],
    ['an empty list', [json([])]],
    ['text', [json('acme-dynamics')]],
    ['itself as text', [json(whole)]],
    ['a number', [json(7)]],
    ['true', [json(true)]],
    ['json/protobuf', [encoded('json/protobuf', bytes(whole))]],
    ['binary/protobuf', [encoded('binary/protobuf', new Uint8Array([10, 3, 1]))]],
    ['binary/encrypted', [encoded('binary/encrypted', bytes(whole))]],
    ['an unknown encoding', [encoded('binary/unknown', bytes(whole))]],
    ['an encoding with a person in it', [encoded('ada@example.com', bytes(whole))]],
    ['bytes', [encoded('binary/plain', bytes(whole))]],
    ['no encoding', [encoded(null, bytes(whole))]],
    ['broken JSON', [jsonText(whole.slice(0, -1))]],
    ['JSON without data', [encoded('json/plain', new Uint8Array())]],
    ['a second argument in an unknown encoding', [json(good), encoded('x/y', bytes(''))]],
    ['an unknown key', [withKey('"verbose"')]],
    ['an empty key', [withKey('""')]],
    ['__proto__', [withKey('"__proto__"', '{"dryRun":true}')]],
    ['constructor', [withKey('"constructor"')]],
    ['a key of a person', [withKey('"ada@example.com"')]],
    ['two megabytes of text', [LARGE_TEXT]],
    ['a key of two megabytes', [withKey(`"${'x'.repeat(LARGE)}"`)]],
    ['a hundred thousand unknown keys', [withKey(MANY_KEYS)]],
  ]
}

const NUL = '"a\\u0000b"'
const SURROGATE = '"a\\ud800b"'

/** Values that almost no field accepts, as JSON text. */
const WRONG_VALUES: readonly string[] = [
  '{}',
  '[]',
  '["a"]',
  '1.5',
  '-1',
  '1e12',
  '""',
  '"  "',
  NUL,
  SURROGATE,
  `"${'x'.repeat(3_000)}"`,
]

/**
 * Each field of a good input with a wrong value in turn, each missing, and each misspelt.
 * @param may the values among these that a field accepts: `field: value`, or `field` if it may be absent.
 */
export function badFields(good: object, may: readonly string[] = []): readonly BadInput[] {
  return Object.entries<unknown>({ ...good }).flatMap(([field]): BadInput[] => {
    const others = Object.entries<unknown>({ ...good }).filter(([key]) => key !== field)
    const parts = others.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
    const withText = (...more: string[]) => [jsonText(`{${[...parts, ...more].join(',')}}`)]
    const misspelt = `"${field.toUpperCase()}":1`
    return [
      ...WRONG_VALUES.filter((value) => !may.includes(`${field}: ${value}`)).map(
        (value): BadInput => [`${field}: ${value.slice(0, 20)}`, withText(`"${field}":${value}`)],
      ),
      ...(may.includes(`${field}: null`)
        ? []
        : [[`${field}: null`, withText(`"${field}":null`)] as const]),
      ...(may.includes(field) ? [] : [[`no ${field}`, withText()] as const]),
      [`${field} misspelt`, withText(misspelt)],
    ]
  })
}
