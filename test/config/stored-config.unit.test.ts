import { describe, expect, it } from '@jest/globals'
import { inspect } from 'node:util'
import { parseConnectionFile } from '../../src/config/connection/parse-connection-file.js'
import { createSecretsVault } from '../../src/config/secrets/secrets-vault.js'
import { Secret } from '../../src/config/secrets/secret.js'
import {
  redactConfig,
  resolveStoredConfig,
  toStoredConfig,
} from '../../src/config/connection/stored-config.js'
import { caught } from './caught.js'
import { exampleDriver, goodFile, PASTED_SECRET } from './example-driver.js'

const env = { ACME_SECRET: 'from-the-environment', ACME_KEY: 'public-key' }
const vault = createSecretsVault([new Secret('service-key')])

/** The stored form, after writing and reading it. */
function store(change: object, dynamics: object = {}): unknown {
  const text = JSON.stringify({
    ...goodFile,
    dynamics: { ...goodFile.dynamics, ...dynamics },
    ...change,
  })
  const options = { drivers: [exampleDriver], env, allowLoopbackHttp: false }
  const file = parseConnectionFile(text, 'acme.json', options)
  expect(inspect(file, { depth: 9 }) + JSON.stringify(file)).not.toMatch(/Pasted|from-the-env/)
  return JSON.parse(JSON.stringify(toStoredConfig(file, vault)))
}

describe('stored configuration', () => {
  it('stores the name of a variable, and brings its value back', () => {
    const stored = store({})
    expect(JSON.stringify(stored)).not.toContain('from-the-environment')
    const { settings, crmConfig, publicApiKey } = resolveStoredConfig(stored, { env, vault })
    expect(settings).toMatchObject({ connectionId: 'acme-dynamics', newlyMailableLimit: 100 })
    expect(settings).not.toHaveProperty('secrets')
    expect(crmConfig).toEqual({
      ...goodFile.dynamics,
      authorityHost: 'https://login.example.test',
      clientSecret: 'from-the-environment',
    })
    expect(publicApiKey).toBeNull()
  })

  it('seals a secret that stands in the file, and opens it', () => {
    const stored = store({}, { clientSecret: PASTED_SECRET })
    expect(JSON.stringify(stored)).not.toContain('Pasted')
    const { crmConfig } = resolveStoredConfig(stored, { env: {}, vault })
    expect(crmConfig).toHaveProperty('clientSecret', PASTED_SECRET)
  })

  it('brings the public API key back apart from the section', () => {
    const emarketeer = { publicApiKey: { env: 'ACME_KEY' } }
    const stored = store({ createMissing: 'emarketeer', emarketeer })
    const resolved = resolveStoredConfig(stored, { env, vault })
    expect(resolved.publicApiKey?.reveal()).toBe('public-key')
    expect(JSON.stringify(resolved.crmConfig)).not.toContain('public-key')
  })

  it('names the variable that is not set any more', () => {
    const error = caught(() => resolveStoredConfig(store({}), { env: {}, vault }))
    expect(error).toMatchObject({ code: 'secret_missing', path: 'dynamics.clientSecret' })
    expect(error.message).toContain('ACME_SECRET')
  })

  it('refuses a sealed secret copied to another connection', () => {
    const stored = store({}, { clientSecret: PASTED_SECRET }) as object
    const moved = { ...stored, connectionId: 'other-connection' }
    expect(caught(() => resolveStoredConfig(moved, { env, vault })).code).toBe('value_invalid')
  })

  it('shows a connection in the form of its file, secrets hidden', () => {
    const shown = redactConfig(store({}))
    expect(shown).toMatchObject({
      connectionId: 'acme-dynamics',
      dynamics: { clientSecret: { env: 'ACME_SECRET' }, tenantId: 't-1' },
    })
    const sealed = redactConfig(store({}, { clientSecret: PASTED_SECRET }))
    expect(sealed).toMatchObject({ dynamics: { clientSecret: '***' } })
    expect(JSON.stringify(sealed)).not.toContain('v1.')
  })

  it('refuses what is no stored configuration, and says where', () => {
    const error = caught(() => redactConfig({ ...(store({}) as object), secrets: { a: 'x' } }))
    expect(error.message).toContain('(secrets.a)')
  })
})
