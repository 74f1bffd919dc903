import { describe, expect, it } from '@jest/globals'
import { inspect } from 'node:util'
import { parseJsonObject } from '../../src/config/connection/json-object.js'
import { parseConnectionFile } from '../../src/config/connection/parse-connection-file.js'
import { caught, problemsOf } from './caught.js'
import { exampleDriver, goodFile, PASTED_SECRET } from './example-driver.js'

const env = {
  ACME_SECRET: 'from-the-environment',
  ACME_KEY: 'k',
  NORD_SECRET: 'from-the-environment',
  AWS_SECRET_ACCESS_KEY: 'from-the-environment',
  EMARKETEER_API_KEY: 'from-the-environment',
  LBSYNC_SECRET_APPLICATION: 'a',
}

const parseText = (text: string, allowLoopbackHttp = false) =>
  parseConnectionFile(text, 'acme.json', { drivers: [exampleDriver], env, allowLoopbackHttp })
const parse = (change: object, dynamics: object = {}, allowLoopbackHttp = false) =>
  parseText(
    JSON.stringify({ ...goodFile, dynamics: { ...goodFile.dynamics, ...dynamics }, ...change }),
    allowLoopbackHttp,
  )

describe('parseConnectionFile', () => {
  it('reads a good file, with defaults, and secrets apart', () => {
    expect(parse({})).toEqual({
      connectionId: 'acme-dynamics',
      accountId: '1001',
      crm: 'dynamics',
      legalBasisSync: true,
      subscriptionSync: false,
      createMissing: 'none',
      newlyMailableLimit: 100,
      subscriptionRowsPerDay: 20_000,
      sectionName: 'dynamics',
      section: {
        environmentUrl: 'https://acme.crm4.dynamics.example',
        tenantId: 't-1',
        clientId: 'c-1',
        authorityHost: 'https://login.example.test',
      },
      secrets: { 'dynamics.clientSecret': { env: 'ACME_SECRET' } },
    })
  })

  it('reads the public API key where contacts are to be created', () => {
    const emarketeer = { publicApiKey: { env: 'ACME_KEY' } }
    expect(parse({ createMissing: 'emarketeer', emarketeer }).secrets).toMatchObject({
      'emarketeer.publicApiKey': { env: 'ACME_KEY' },
    })
  })

  it.each([
    ['a misspelt key', { subscriptionsSync: true }, {}, 'unknown_key subscriptionsSync'],
    ['a misspelt key inside', {}, { tenant: 'x' }, 'unknown_key dynamics.tenant'],
    ['an unknown key of emarketeer', { emarketeer: { key: 1 } }, {}, 'unknown_key emarketeer.key'],
    ['the section of another CRM', { superoffice: {} }, {}, 'unknown_key superoffice'],
    ['no legalBasisSync', { legalBasisSync: undefined }, {}, 'value_missing legalBasisSync'],
    ['no section', { dynamics: undefined }, {}, 'value_missing dynamics'],
    ['a section that is no object', { dynamics: 'x' }, {}, 'value_invalid dynamics'],
    ['no secret', {}, { clientSecret: undefined }, 'value_missing dynamics.clientSecret'],
    ['no crm', { crm: undefined }, {}, 'value_missing crm'],
    ['an unheard-of crm', { crm: 'hubspot' }, {}, 'value_invalid crm'],
    ['a short id', { connectionId: 'ab' }, {}, 'value_invalid connectionId'],
    ['an id with capitals', { connectionId: 'Acme' }, {}, 'value_invalid connectionId'],
    ['a number for an id', { accountId: 1001 }, {}, 'value_invalid accountId'],
    ['text for a switch', { legalBasisSync: 'true' }, {}, 'value_invalid legalBasisSync'],
    ['a negative limit', { newlyMailableLimit: -1 }, {}, 'value_invalid newlyMailableLimit'],
    ['no row a day', { subscriptionRowsPerDay: 0 }, {}, 'value_invalid subscriptionRowsPerDay'],
    [
      'more rows a day than the ledger can count',
      { subscriptionRowsPerDay: 2_147_483_648 },
      {},
      'value_invalid subscriptionRowsPerDay',
    ],
    ['half a contact', { newlyMailableLimit: 0.5 }, {}, 'value_invalid newlyMailableLimit'],
    [
      'a key missing for createMissing',
      { createMissing: 'emarketeer' },
      {},
      'value_missing emarketeer.publicApiKey',
    ],
    [
      'a key without createMissing',
      { emarketeer: { publicApiKey: PASTED_SECRET } },
      {},
      'value_invalid emarketeer.publicApiKey',
    ],
    ['no address', {}, { environmentUrl: 'acme' }, 'value_invalid dynamics.environmentUrl'],
    [
      'a user in an address',
      {},
      { environmentUrl: `https://u:${PASTED_SECRET}@acme.example` },
      'value_invalid dynamics.environmentUrl',
    ],
    [
      'http',
      {},
      { environmentUrl: 'http://acme.crm4.dynamics.example' },
      'http_not_allowed dynamics.environmentUrl',
    ],
    [
      'http on loopback without the switch',
      {},
      { authorityHost: 'http://127.0.0.1:4002' },
      'http_not_allowed dynamics.authorityHost',
    ],
    [
      'a secret whose variable is not set',
      {},
      { clientSecret: { env: 'UNSET_SECRET' } },
      'secret_missing dynamics.clientSecret',
    ],
    [
      'a secret pasted as a name',
      {},
      { clientSecret: { env: PASTED_SECRET } },
      'value_invalid dynamics.clientSecret',
    ],
    [
      'a secret with something beside it',
      {},
      { clientSecret: { env: 'ACME_SECRET', value: PASTED_SECRET } },
      'value_invalid dynamics.clientSecret',
    ],
    [
      'a variable of the service itself',
      {},
      { clientSecret: { env: 'EMARKETEER_API_KEY' } },
      'value_invalid dynamics.clientSecret',
    ],
    [
      "another tenant's variable",
      {},
      { clientSecret: { env: 'NORD_SECRET' } },
      'value_invalid dynamics.clientSecret',
    ],
    [
      "the machine's variable, whatever the connection is called",
      { connectionId: 'aws-dynamics' },
      { clientSecret: { env: 'AWS_SECRET_ACCESS_KEY' } },
      'value_invalid dynamics.clientSecret',
    ],
    [
      "another tenant's variable for the public key",
      { createMissing: 'emarketeer', emarketeer: { publicApiKey: { env: 'NORD_SECRET' } } },
      {},
      'value_invalid emarketeer.publicApiKey',
    ],
    [
      'a stranger who is to issue tokens',
      {},
      { authorityHost: 'https://login.evil.test' },
      'value_invalid dynamics.authorityHost',
    ],
    [
      'a stranger whose name ends like a known one',
      {},
      { environmentUrl: 'https://acme.evildynamics.example' },
      'value_invalid dynamics.environmentUrl',
    ],
    [
      'this machine, without the switch',
      {},
      { environmentUrl: 'https://localhost' },
      'value_invalid dynamics.environmentUrl',
    ],
    ['an empty secret', {}, { clientSecret: ' ' }, 'value_invalid dynamics.clientSecret'],
    ['a number for a secret', {}, { clientSecret: 4711 }, 'value_invalid dynamics.clientSecret'],
  ])('refuses %s', (_name, change, dynamics, problem) => {
    const run = () => parse(change, dynamics)
    expect(problemsOf(run)).toEqual([problem])
    const error = caught(run)
    expect(inspect(error, { depth: 9 }) + JSON.stringify(error.toDocument())).not.toMatch(
      /Pasted|4711|from-the-environment/,
    )
  })

  it('refuses a CRM that no driver is for, and names those that there are', () => {
    const run = () => parse({ crm: 'superoffice-online' })
    expect(problemsOf(run)).toEqual(['value_invalid crm'])
    expect(caught(run).message).toContain('must be one of dynamics, none')
  })

  it('shows neither a secret that the CRM objects to, nor its length', () => {
    const error = caught(() => parse({}, { clientSecret: PASTED_SECRET.repeat(9) }))
    expect(error).toMatchObject({ code: 'value_invalid', value: '***' })
  })

  it('masks an address that stands as a key', () => {
    const error = caught(() => parse({ 'anna@example.test': true }))
    expect(error.message).toBe('The key ***@*** is unknown.')
  })

  it('names the variable of a secret that is not set', () => {
    expect(caught(() => parse({}, { clientSecret: { env: 'UNSET_SECRET' } })).message).toBe(
      'The environment variable UNSET_SECRET, which dynamics.clientSecret names, is not set.',
    )
  })

  it('takes http on loopback under the switch', () => {
    const environmentUrl = 'http://127.0.0.1:4002'
    expect(parse({}, { environmentUrl }, true).section).toMatchObject({ environmentUrl })
  })

  it('takes a variable that all connections share', () => {
    const clientSecret = { env: 'LBSYNC_SECRET_APPLICATION' }
    expect(parse({}, { clientSecret }).secrets).toMatchObject({
      'dynamics.clientSecret': clientSecret,
    })
  })

  it('takes any variable but those of the service where all addresses are on this machine', () => {
    const here = { environmentUrl: 'http://127.0.0.1:4002', authorityHost: 'http://localhost:1' }
    const take = (env: string, change: object = {}) =>
      parse({}, { ...here, clientSecret: { env }, ...change }, true)
    expect(take('NORD_SECRET').secrets).toMatchObject({
      'dynamics.clientSecret': { env: 'NORD_SECRET' },
    })
    const refused = ['value_invalid dynamics.clientSecret']
    expect(problemsOf(() => take('EMARKETEER_API_KEY'))).toEqual(refused)
    expect(problemsOf(() => take('NORD_SECRET', { authorityHost: undefined }))).toEqual(refused)
  })

  it('takes a host that the operator allows', () => {
    const at = (authorityHost: string, allowedHosts: string[]) =>
      parseConnectionFile(
        JSON.stringify({ ...goodFile, dynamics: { ...goodFile.dynamics, authorityHost } }),
        'acme.json',
        { drivers: [exampleDriver], env, allowLoopbackHttp: false, allowedHosts },
      )
    expect(at('https://Login.Acme.test', ['login.acme.test']).section).toMatchObject({
      authorityHost: 'https://Login.Acme.test',
    })
    expect(at('https://login.acme.test', ['*.acme.test']).section).toBeDefined()
    for (const hosts of [['acme.test'], ['*.login.acme.test'], ['*.cme.test']]) {
      expect(problemsOf(() => at('https://login.acme.test', hosts))).toEqual([
        'value_invalid dynamics.authorityHost',
      ])
    }
  })

  it('refuses subscriptionSync where the CRM keeps none', () => {
    const driver = { ...exampleDriver, capabilities: { subscriptions: false } } as never
    const run = () =>
      parseConnectionFile(JSON.stringify({ ...goodFile, subscriptionSync: true }), 'acme.json', {
        drivers: [driver],
        env,
        allowLoopbackHttp: false,
      })
    expect(problemsOf(run)).toEqual(['value_invalid subscriptionSync'])
  })

  it('tells everything that is wrong at once', () => {
    const run = () =>
      parse(
        { accountId: undefined, colour: 'red', createMissing: 'emarketeer' },
        { environmentUrl: 'http://a.example', clientSecret: { env: 'UNSET' }, tenantId: 7 },
      )
    expect(problemsOf(run)).toEqual([
      'value_missing accountId',
      'unknown_key colour',
      'value_missing emarketeer.publicApiKey',
      'secret_missing dynamics.clientSecret',
      'value_invalid dynamics.tenantId',
      'http_not_allowed dynamics.environmentUrl',
    ])
    expect(caught(run).toDocument()).toMatchSnapshot()
  })

  it('reports where JSON breaks off, and quotes nothing of it', () => {
    const error = caught(() =>
      parseText(`{\n "connectionId": "x",\n "s": "${PASTED_SECRET}" oops }`),
    )
    expect(error.code).toBe('file_not_json')
    expect(error.message).toBe('acme.json is not JSON: fault in line 3.')
    expect(inspect(error)).not.toContain('Pasted')
  })

  it.each([
    ['accountId', '{"accountId":"1001",\n"crm":"dynamics",\n"accountId":"1002"}', 3],
    ['dynamics.tenantId', '{"dynamics":{"tenantId":"a",\n"tenant\\u0049d" :"b"}}', 2],
    ['a.1.b', '{"b":0,"a":[{"b":1},{"b":1,"b":"s3cret"}]}', 1],
    ['a.__proto__', '{"a":{"__proto__":1,"__proto__":2}}', 1],
  ])('refuses the key %s that is there twice, and quotes no value', (path, text, line) => {
    const error = caught(() => parseText(text))
    expect(error).toMatchObject({ code: 'repeated_key', path })
    expect(error.message).toBe(`acme.json has a key twice: again in line ${line}.`)
    expect(inspect(error)).not.toContain('s3cret')
  })

  it('takes one key in several objects, and in texts, for what it is', () => {
    const text = '{"a":{"b":1},"b":[{"b":2},{"b":3},"b","{\\"b\\":1,\\"b\\":2}"]}'
    expect(parseJsonObject(text, 'acme.json')).toEqual(JSON.parse(text))
  })

  it.each(['[]', '"x"', 'null', '7'])('refuses %s as no object', (text) => {
    expect(caught(() => parseText(text)).message).toBe('acme.json must hold one JSON object.')
  })
})
