import { describe, expect, it } from '@jest/globals'
import { inspect } from 'node:util'
import { readEnvironment } from '../../src/config/environment/environment.js'
import type { EnvironmentSection } from '../../src/config/environment/sections.js'
import { caught, problemsOf } from './caught.js'

const ALL: readonly EnvironmentSection[] = ['database', 'emarketeer', 'gateway', 'secrets']

const GOOD = {
  DATABASE_URL: 'postgres://app:hunter2@db.example/sync',
  EMARKETEER_SYNC_URL: 'https://sync.example/',
  EMARKETEER_API_KEY: 'service-key-of-more-than-32-characters',
  EMARKETEER_CONNECT_URL: 'https://connect.example',
  PUBLIC_URL: 'https://hooks.example//',
}

/** The one message for a faulty variable. */
const messageFor = (change: Record<string, string | undefined>) =>
  caught(() => readEnvironment(ALL, { ...GOOD, ...change })).message

describe('readEnvironment', () => {
  it('gives the sections asked for, with defaults', () => {
    const environment = readEnvironment(ALL, GOOD)
    expect(environment).toMatchObject({
      allowLoopbackHttp: false,
      logLevel: 'info',
      emarketeer: { syncUrl: 'https://sync.example', apigwUrl: null },
      gateway: { publicUrl: 'https://hooks.example', port: 8080, apiKey: null, trustedProxies: [] },
    })
    expect(environment.database.url.reveal()).toBe(GOOD.DATABASE_URL)
  })

  it.each(['0.0.0.0/0', '10.0.0.0/33', 'proxy.example', 'loopback', '::/0', '10.0.0.1,,'])(
    'trusts no proxies by the name of %s',
    (value) => {
      expect(messageFor({ TRUSTED_PROXIES: value })).toBe(
        'TRUSTED_PROXIES must be addresses or ranges such as 10.0.0.0/8, separated by commas.',
      )
    },
  )

  it('reads the proxies that are trusted', () => {
    const TRUSTED_PROXIES = '10.0.0.0/8, 192.0.2.7,fd00::/8'
    const { gateway } = readEnvironment(['gateway'], { ...GOOD, TRUSTED_PROXIES })
    expect(gateway.trustedProxies).toEqual(['10.0.0.0/8', '192.0.2.7', 'fd00::/8'])
  })

  it.each(['0', '1', '501', '1000', 'many', '-5'])('refuses %s connections', (value) => {
    expect(messageFor({ DATABASE_CONNECTIONS: value })).toMatch(
      /^DATABASE_CONNECTIONS must be a number of connections/,
    )
  })

  it.each([
    [undefined, null],
    ['2', 2],
    ['500', 500],
  ])('reads %s as the number of connections', (value, expected) => {
    const { database } = readEnvironment(['database'], { ...GOOD, DATABASE_CONNECTIONS: value })
    expect(database.maxConnections).toBe(expected)
  })

  it('asks of migrate no more than DATABASE_URL', () => {
    const environment = readEnvironment(['database'], { DATABASE_URL: GOOD.DATABASE_URL })
    expect(Object.keys(environment).sort()).toEqual([
      'allowLoopbackHttp',
      'allowedHosts',
      'database',
      'logLevel',
    ])
  })

  it('names all missing variables in one error, each once', () => {
    expect(problemsOf(() => readEnvironment(ALL, { DATABASE_URL: '' }))).toEqual([
      'environment_invalid DATABASE_URL',
      'environment_invalid EMARKETEER_SYNC_URL',
      'environment_invalid EMARKETEER_API_KEY',
      'environment_invalid PUBLIC_URL',
    ])
  })

  it.each([
    ['DATABASE_URL', undefined, 'DATABASE_URL is not set.'],
    [
      'DATABASE_URL',
      'mysql://app:hunter2@db/x',
      'DATABASE_URL must be an address that begins with postgres:// or postgresql://.',
    ],
    ['EMARKETEER_SYNC_URL', 'http://sync.example', 'EMARKETEER_SYNC_URL must be https.'],
    [
      'EMARKETEER_APIGW_URL',
      'ftp://x.example',
      'EMARKETEER_APIGW_URL must be an address that begins with https://.',
    ],
    [
      'EMARKETEER_CONNECT_URL',
      'http://127.0.0.1:4001',
      'EMARKETEER_CONNECT_URL must be https, as ALLOW_LOOPBACK_HTTP is not set.',
    ],
    ['PUBLIC_URL', 'https://u:hunter2@h.example', 'PUBLIC_URL must not hold a user or password.'],
    ['PUBLIC_URL', 'https://h.example?key=1', 'PUBLIC_URL must not hold a query or fragment.'],
    ['ALLOW_LOOPBACK_HTTP', 'yes', 'ALLOW_LOOPBACK_HTTP must be true or false.'],
    [
      'LOG_LEVEL',
      'loud',
      'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent.',
    ],
    ['GATEWAY_PORT', '70000', 'GATEWAY_PORT must be a port number.'],
    ['GATEWAY_PORT', '8e3', 'GATEWAY_PORT must be a port number.'],
    ['GATEWAY_API_KEY', 'hunter2', 'GATEWAY_API_KEY must have at least 32 characters.'],
    ['SECRETS_KEY', 'hunter2', 'SECRETS_KEY must have at least 32 characters.'],
  ])('refuses %s = %s', (name, value, message) => {
    expect(messageFor({ [name]: value })).toBe(message)
  })

  it('never shows a value, in the error or in the environment itself', () => {
    const error = caught(() =>
      readEnvironment(ALL, {
        DATABASE_URL: 'mysql://app:hunter2@db/x',
        SECRETS_KEY: 'hunter2',
        PUBLIC_URL: 'https://u:hunter2@h.example',
      }),
    )
    const environment = readEnvironment(ALL, GOOD)
    const shown = [error, error.toDocument(), environment].map(
      (one) => inspect(one, { depth: 9, showHidden: true }) + JSON.stringify(one),
    )
    expect(shown.join()).not.toMatch(/hunter2|service-key/)
    expect(`${environment.emarketeer.apiKey}`).toBe('***')
  })

  it('takes http on loopback under the switch, and nowhere else', () => {
    const allow = { ALLOW_LOOPBACK_HTTP: 'true' }
    for (const url of ['http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1']) {
      const read = readEnvironment(ALL, { ...GOOD, ...allow, EMARKETEER_SYNC_URL: url })
      expect(read.emarketeer.syncUrl).toBe(url)
    }
    for (const url of ['http://127.0.0.1.evil.example', 'http://10.0.0.1', 'http://localhost.x']) {
      expect(messageFor({ ...allow, EMARKETEER_SYNC_URL: url })).toBe(
        'EMARKETEER_SYNC_URL must be https.',
      )
    }
  })

  it('seals with SECRETS_KEY where it is set, and still opens with the service key', () => {
    const keys = (more: Record<string, string>) =>
      readEnvironment(['secrets'], {
        EMARKETEER_API_KEY: 'service-key-of-more-than-32-characters',
        ...more,
      }).secrets.vaultKeys
    const made = 'k'.repeat(32)
    expect(keys({}).map((key) => key.reveal())).toEqual(['service-key-of-more-than-32-characters'])
    expect(keys({ SECRETS_KEY: made }).map((key) => key.reveal())).toEqual([
      made,
      'service-key-of-more-than-32-characters',
    ])
  })
})
