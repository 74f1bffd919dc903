import { describe, expect, it } from '@jest/globals'
import { readEnvironment } from '../../src/config/environment/environment.js'
import { readSecretSource } from '../../src/config/connection/secret-source.js'
import { readTemporalProfile } from '../../src/config/temporal/temporal-profile.js'
import { describeSecret, variableOf } from '../../src/config/environment/variable.js'
import { caught } from './caught.js'

const KEY = 'service-key-of-more-than-32-characters'
const GOOD = {
  DATABASE_URL: 'postgres://app:hunter2@db.example/sync',
  EMARKETEER_SYNC_URL: 'https://em.example',
  EMARKETEER_API_KEY: KEY,
  PUBLIC_URL: 'https://hooks.example',
  GATEWAY_API_KEY: 'g'.repeat(32),
  SECRETS_KEY: 's'.repeat(32),
} as const
const ALL = ['database', 'emarketeer', 'gateway', 'secrets'] as const
/** Characters that files, shells, editors and web pages add. */
const AROUND = ['\n', '\r\n', ' ', '\t', '\u00a0', '\ufeff']

/** With its secrets in plain text, for comparison. */
const inTheClear = (value: unknown) =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && 'reveal' in part
      ? (part as { reveal(): string }).reveal()
      : part,
  )
const read = (variables: Record<string, string>) => {
  const { database, emarketeer, gateway, secrets } = readEnvironment(ALL, variables)
  return [
    database.url.reveal(),
    emarketeer.syncUrl,
    emarketeer.apiKey.reveal(),
    gateway.publicUrl,
    gateway.apiKey?.reveal(),
    secrets.vaultKeys.map((key) => key.reveal()),
  ]
}

describe('white space around a variable', () => {
  it.each(AROUND.map((blank) => [JSON.stringify(blank), blank]))(
    '%s makes no difference',
    (_name, blank) => {
      const around = Object.fromEntries(
        Object.entries(GOOD).map(([name, value]) => [name, `${blank}${value}${blank}`]),
      )
      expect(read(around)).toEqual(read(GOOD))
      expect(
        inTheClear(
          readTemporalProfile({
            TEMPORAL_ADDRESS: `t.example:7233${blank}`,
            TEMPORAL_API_KEY: `k${blank}`,
          }),
        ),
      ).toBe(
        inTheClear(
          readTemporalProfile({ TEMPORAL_ADDRESS: 't.example:7233', TEMPORAL_API_KEY: 'k' }),
        ),
      )
      expect(
        readSecretSource({ env: 'ACME' }, 'p', {
          env: { ACME: `word${blank}` },
          connectionId: null,
        }),
      ).toMatchObject({
        value: 'word',
      })
      expect(readSecretSource(`word${blank}`, 'p', { env: {}, connectionId: null })).toMatchObject({
        value: 'word',
      })
    },
  )

  it('is all that there is: not set', () => {
    expect(variableOf({ A: ' \n' }, 'A')).toBeUndefined()
    expect(caught(() => readEnvironment(['database'], { DATABASE_URL: '\n' }))).toMatchObject({
      message: 'DATABASE_URL is not set.',
    })
  })

  it('is left out of a key in PEM form, whose inner breaks stay', () => {
    const pem = '-----BEGIN PRIVATE KEY-----\nAAAA\nBBBB\n-----END PRIVATE KEY-----'
    expect(variableOf({ KEY: `${pem}\n` }, 'KEY')).toBe(pem)
  })
})

describe('a key that no header can carry', () => {
  it.each([
    ['a line break', 'service-key\nof-more-than-thirty-two-characters'],
    ['another alphabet', 'service-key-of-more-than-32-charactérs'],
    ['a blank', 'service key of more than thirty-two characters'],
  ])('with %s within is refused, and told by its length and ends alone', (_what, key) => {
    const error = caught(() =>
      readEnvironment(['emarketeer'], { ...GOOD, EMARKETEER_API_KEY: key }),
    )
    expect(error).toMatchObject({
      code: 'environment_invalid',
      path: 'EMARKETEER_API_KEY',
      value: describeSecret(key),
    })
    expect(JSON.stringify(error)).not.toContain('thirty')
  })

  it.each([
    ['', '0 characters'],
    ['x', '1 character, the first a letter, the last a letter'],
    ['"word"', '6 characters, the first a quotation mark, the last a quotation mark'],
    ['9$', '2 characters, the first a digit, the last a punctuation mark'],
    ['a\u200b', '2 characters, the first a letter, the last white space or invisible'],
  ])('%j is told as %s', (value, words) => {
    expect(describeSecret(value)).toBe(words)
  })
})

describe('what seals', () => {
  it('has at least 32 characters, also where it is the service key', () => {
    const short = { EMARKETEER_API_KEY: 'k'.repeat(31) }
    expect(caught(() => readEnvironment(['secrets'], short))).toMatchObject({
      code: 'environment_invalid',
      message: expect.stringMatching(/^EMARKETEER_API_KEY is too short to seal .*SECRETS_KEY/),
    })
    const keys = readEnvironment(['secrets'], { ...short, SECRETS_KEY: 's'.repeat(32) }).secrets
      .vaultKeys
    // A text that the short key sealed can still be opened.
    expect(keys.map((key) => key.reveal())).toEqual(['s'.repeat(32), 'k'.repeat(31)])
  })

  it.each(['WORKER_DATABASE_PASSWORD', 'CLI_DATABASE_PASSWORD'])(
    'a file may not name %s',
    (name) => {
      expect(
        readSecretSource({ env: name }, 'p', { env: { [name]: 'x' }, connectionId: null }),
      ).toMatchObject({
        problem: { code: 'value_invalid' },
      })
    },
  )
})
