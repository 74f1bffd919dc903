import { describe, expect, it } from '@jest/globals'
import { parseConnectionFile } from '../../src/config/connection/parse-connection-file.js'
import type { ProblemsError } from '../../src/contracts/problems.js'
import { POSITIVE_BASES } from '../../src/domain/legal-basis.js'
import { CRM_DRIVERS } from '../../src/crm/registry.js'
import { problemsOf } from './caught.js'

const env = {
  NORD_SO_SECRET: 's',
  NORD_SO_TOKEN: 'App-8k8Q7DmBgo',
  NORD_SO_KEY: 'pem',
  FJORD_SO_PASSWORD: 'p',
  FJORD_SO_CA: 'c',
}

const online = {
  connectionId: 'nord-so',
  accountId: '1002',
  crm: 'superoffice-online',
  legalBasisSync: true,
  superoffice: {
    environment: 'online',
    loginHost: 'https://online.superoffice.com',
    contextIdentifier: 'Cust12345',
    clientSecret: { env: 'NORD_SO_SECRET' },
    systemUserToken: { env: 'NORD_SO_TOKEN' },
    privateKey: { env: 'NORD_SO_KEY' },
  },
}
const onsite = {
  connectionId: 'fjord-so',
  accountId: '1003',
  crm: 'superoffice-onsite',
  legalBasisSync: true,
  superoffice: {
    baseUrl: 'https://crm.fjord.no/SuperOffice/api/v1',
    username: 'adm0',
    password: { env: 'FJORD_SO_PASSWORD' },
    ca: { env: 'FJORD_SO_CA' },
  },
}

const parse = (file: object, section: object = {}) => {
  const superoffice = { ...(file as typeof online).superoffice, ...section }
  return parseConnectionFile(JSON.stringify({ ...file, superoffice }), 'so.json', {
    drivers: [...CRM_DRIVERS.values()],
    env,
    allowLoopbackHttp: false,
    allowedHosts: ['crm.fjord.no'],
  })
}

/**
 * Hosts from Microsoft's "Datacenter regions" and "National clouds", and from SuperOffice's documentation of its
 * environments.
 */
describe('a connection file', () => {
  const dynamics = {
    connectionId: 'acme-dynamics',
    accountId: '1001',
    crm: 'dynamics',
    legalBasisSync: true,
    dynamics: {
      environmentUrl: 'https://acme.crm4.dynamics.com',
      tenantId: 't',
      clientId: 'c',
      clientSecret: 'pasted',
    },
  }
  const faults = (file: object, key: string, section: object, allowedHosts: string[] = []) => {
    const given = { ...(file as Record<string, object>)[key], ...section }
    const options = { drivers: [...CRM_DRIVERS.values()], env, allowLoopbackHttp: false }
    try {
      const text = JSON.stringify({ ...file, [key]: given })
      parseConnectionFile(text, 'a.json', { ...options, allowedHosts })
      return []
    } catch (error) {
      return (error as ProblemsError).problems.map(({ path, code }) => `${code} ${path}`)
    }
  }

  it.each([
    ['https://acme.crm4.dynamics.com', undefined],
    ['https://acme.crm9.dynamics.com', 'https://login.microsoftonline.com'],
    ['https://acme.crm.microsoftdynamics.us', 'https://login.microsoftonline.us'],
    ['https://acme.crm.appsplatform.us', 'https://login.microsoftonline.us'],
    ['https://acme.crm.dynamics.cn', 'https://login.partner.microsoftonline.cn'],
  ])('goes to Dynamics at %s, with tokens of %s', (environmentUrl, authorityHost) => {
    expect(faults(dynamics, 'dynamics', { environmentUrl, authorityHost })).toEqual([])
  })

  it.each([
    ['environmentUrl', 'https://acme.evil.test'],
    ['environmentUrl', 'https://dynamics.com.evil.test'],
    ['environmentUrl', 'https://evildynamics.com'],
    ['environmentUrl', 'https://127.0.0.1'],
    ['authorityHost', 'https://login.evil.test'],
    ['authorityHost', 'https://login.microsoftonline.com.evil.test'],
    ['authorityHost', 'https://evil.login.microsoftonline.com'],
  ])('goes to no %s %s', (path, host) => {
    const section = { [path]: host }
    expect(faults(dynamics, 'dynamics', section)).toEqual([`value_invalid dynamics.${path}`])
    expect(faults(dynamics, 'dynamics', section, [new URL(host).hostname])).toEqual([])
  })

  it.each([
    ['Online', online, 'loginHost', 'https://sod.superoffice.com.evil.test'],
    ['on site', onsite, 'baseUrl', onsite.superoffice.baseUrl],
  ])('goes to SuperOffice %s only where that is known, or allowed', (_where, file, path, host) => {
    const section = { [path]: host }
    expect(faults(file, 'superoffice', section)).toEqual([`value_invalid superoffice.${path}`])
    expect(faults(file, 'superoffice', section, [new URL(host).hostname])).toEqual([])
  })
})

describe('a connection file for SuperOffice', () => {
  it('Online is read, its three secrets apart', () => {
    const { section, secrets, sectionName } = parse(online)
    expect(sectionName).toBe('superoffice')
    expect(section).toEqual({
      environment: 'online',
      loginHost: 'https://online.superoffice.com',
      contextIdentifier: 'Cust12345',
    })
    expect(secrets).toEqual({
      'superoffice.clientSecret': { env: 'NORD_SO_SECRET' },
      'superoffice.systemUserToken': { env: 'NORD_SO_TOKEN' },
      'superoffice.privateKey': { env: 'NORD_SO_KEY' },
    })
  })

  it('Online takes the login host from the environment where none is named', () => {
    const { section } = parse(online, { environment: 'sod', loginHost: undefined })
    expect(section).toMatchObject({ loginHost: 'https://sod.superoffice.com' })
  })

  it('on site is read, with the authority as a secret', () => {
    const { section, secrets } = parse(onsite)
    expect(section).toEqual({
      baseUrl: 'https://crm.fjord.no/SuperOffice/api/v1',
      username: 'adm0',
    })
    expect(Object.keys(secrets)).toEqual(['superoffice.password', 'superoffice.ca'])
  })

  it.each([undefined, ''])('on site takes an empty password (%j)', (password) => {
    expect(Object.keys(parse(onsite, { password, ca: undefined }).secrets)).toEqual([])
  })

  it.each([
    [online, { contextIdentifier: 'Cust/1' }, 'value_invalid superoffice.contextIdentifier'],
    [online, { privateKey: undefined }, 'value_missing superoffice.privateKey'],
    [online, { systemUserToken: '' }, 'value_missing superoffice.systemUserToken'],
    [online, { loginHost: 'http://online.example' }, 'http_not_allowed superoffice.loginHost'],
    [online, { baseUrl: 'https://crm.example' }, 'unknown_key superoffice.baseUrl'],
    [onsite, { baseUrl: 'http://crm.fjord.no/api/v1' }, 'http_not_allowed superoffice.baseUrl'],
    [onsite, { baseUrl: 'https://crm.fjord.no/SuperOffice' }, 'value_invalid superoffice.baseUrl'],
    [onsite, { username: 'a:b' }, 'value_invalid superoffice.username'],
  ])('refuses what it must', (file, section, problem) => {
    expect(problemsOf(() => parse(file, section))).toEqual([problem])
  })

  it.each([online, onsite])('may say that times never decide ($crm)', (file) => {
    expect(parse(file, { times: 'never' }).section).toMatchObject({ times: 'never' })
    expect(problemsOf(() => parse(file, { times: 'sometimes' }))).toEqual([
      'value_invalid superoffice.times',
    ])
  })

  describe("on the tenant's own legal bases (C2)", () => {
    const bases = (legalBases: unknown) => problemsOf(() => parse(online, { legalBases }))
    const path = (key: string) => `value_invalid superoffice.legalBases.${key}`

    it('keeps them as they are written, and compares them without case, outer blanks and #', () => {
      const legalBases = { ' CustAgr': 'contract', '#MEMBER': 'contract' }
      const { section } = parse(onsite, { legalBases })
      expect(section).toMatchObject({ legalBases })
      const { tenantBases } = CRM_DRIVERS.get('superoffice-onsite')!
      expect([...tenantBases!.mappingIn(section)]).toEqual([
        ['CUSTAGR', 'contract'],
        ['MEMBER', 'contract'],
      ])
    })

    it.each([...POSITIVE_BASES])('takes %s', (basis) => {
      expect(() => parse(online, { legalBases: { CUSTAGR: basis } })).not.toThrow()
    })

    it.each(['withdrawn', 'none', 'Contract', '61A', '', 1, null])('refuses %j', (basis) => {
      expect(bases({ CUSTAGR: basis })).toEqual([path('CUSTAGR')])
    })

    it.each(['61A', '61b', ' #61C ', '61D', '61E', '61f', 'withdrawn', '', '  '])(
      'refuses the key %j, which SuperOffice itself defines, or which is none',
      (key) => {
        expect(bases({ [key]: 'contract' })).toEqual([path(key)])
      },
    )

    it('refuses the same key in two spellings, and what is no object', () => {
      expect(bases({ CUSTAGR: 'contract', 'custagr ': 'consent' })).toEqual([path('custagr ')])
      expect(bases(['CUSTAGR'])).toEqual(['value_invalid superoffice.legalBases'])
      expect(bases(null)).toEqual(['value_invalid superoffice.legalBases'])
    })

    it('reports all faults in one error', () => {
      expect(bases({ '61A': 'contract', CUSTAGR: 'none' })).toEqual([path('61A'), path('CUSTAGR')])
    })

    it('belongs to SuperOffice', () => {
      const dynamics = {
        connectionId: 'acme',
        accountId: '1',
        crm: 'dynamics',
        legalBasisSync: true,
      }
      const run = () =>
        parseConnectionFile(
          JSON.stringify({ ...dynamics, dynamics: { legalBases: {} } }),
          'acme.json',
          { drivers: [...CRM_DRIVERS.values()], env, allowLoopbackHttp: false },
        )
      expect(problemsOf(run)).toContain('unknown_key dynamics.legalBases')
    })
  })

  it('keeps no subscriptions', () => {
    const run = () => parse({ ...online, subscriptionSync: true })
    expect(problemsOf(run)).toEqual(['value_invalid subscriptionSync'])
  })
})
