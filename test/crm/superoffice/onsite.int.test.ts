import { afterEach, describe, expect, it } from '@jest/globals'
import { superOfficeOnsiteDriver } from '../../../src/crm/superoffice/driver.js'
import { RequestTally } from '../../../src/http/index.js'
import { page, scriptedOnsite } from './support/scripted-onsite.js'
import type { Heard, Said } from '../support/scripted-server.js'
import { type StandIn, startStandIn } from './support/stand-in.js'

let closing: (() => Promise<void>)[] = []

afterEach(async () => {
  await Promise.all(closing.map((close) => close()))
  closing = []
})

async function standInWith(options: Parameters<typeof startStandIn>[0]): Promise<StandIn> {
  const standIn = await startStandIn({ mode: 'onsite', ...options })
  closing.push(() => standIn.close())
  return standIn
}

async function scripted(answer: (heard: Heard) => Said | Promise<Said>) {
  const opened = await scriptedOnsite(answer)
  closing.push(() => opened.close())
  return opened
}

describe('an installation on site', () => {
  it('is entered by user and password, be it empty, below the directory of its choice', async () => {
    const { crm, heard } = await scripted(() => ({ status: 200, body: { AssociateId: 316 } }))
    await crm.check({})
    expect(heard).toMatchObject([
      {
        method: 'GET',
        path: '/crm/api/v1/User/currentPrincipal',
        headers: {
          authorization: 'Basic YWRtMDo=',
          accept: 'application/json',
          'accept-language': 'en',
        },
      },
    ])
  })

  it('that refuses the password is not asked again', async () => {
    const { crm, heard } = await scripted(() => ({ status: 401 }))
    const error = { code: 'upstream_auth_failed', retryable: false }
    await expect(crm.check({})).rejects.toMatchObject(error)
    expect(heard).toHaveLength(1)
  })

  it('is trusted by its own authority and by no other', async () => {
    const standIn = await standInWith({ tls: true })
    await expect(standIn.open().check({})).resolves.toBeUndefined()
    const { apiUrl } = await standIn.control.get<{ apiUrl: string }>('facts')
    const config = { baseUrl: apiUrl, username: 'adm0' }
    const untrusting = superOfficeOnsiteDriver.open(
      superOfficeOnsiteDriver.configSchema.parse(config),
      { connectionId: 'fjord-so', facts: {}, allowLoopbackHttp: false },
    )
    await expect(untrusting.check({})).rejects.toMatchObject({ code: 'upstream_unreachable' })
  })

  it('must be https, but for loopback under the switch', () => {
    const open = (baseUrl: string, allowLoopbackHttp: boolean) => () =>
      superOfficeOnsiteDriver.open(
        { baseUrl, username: 'adm0', password: '' },
        { connectionId: 'fjord-so', facts: {}, allowLoopbackHttp },
      )
    expect(open('http://crm.example.com/api/v1', true)).toThrow('https')
    expect(open('http://127.0.0.1:1/api/v1', false)).toThrow('https')
    expect(open('ftp://127.0.0.1/api/v1', true)).toThrow('https')
    expect(open('https://user:word@crm.example.com/api/v1', true)).toThrow('user or password')
    expect(open('https://crm.example.com/api/v1?x=1', true)).toThrow('query')
    expect(open('https://10.1.2.3/SuperOffice/api/v1', false)).not.toThrow()
  })

  it('that is older is read by short queries, halved where they are too long, and # before keys', async () => {
    const standIn = await standInWith({ older: true })
    const count = 90
    const long = 'x'.repeat(30)
    await standIn.control.post('seed', { count, emailPattern: `${long}{n}@example.test` })
    const emails = Array.from({ length: count }, (_, at) => `${long}${at + 1}@example.test`)
    const crm = standIn.open()
    const { contacts } = await crm.read({ by: 'email', emails }, {})
    expect(new Set(contacts.map(({ email }) => email))).toEqual(new Set(emails))
    expect(contacts[0]?.consents.storeAndProcess).toMatchObject({ value: 'legitimateInterest' })
    expect((await standIn.requests())['archivePost']).toBe(1)
    const tally = new RequestTally()
    await crm.read({ by: 'email', emails: emails.slice(0, 10) }, { tally })
    expect(tally.operations()).toMatchObject({ 'superoffice.persons.readByEmail': 1 })
  })

  it('whose query stays refused says so, and not that nobody is there', async () => {
    const html = { 'content-type': 'text/html' }
    const { crm } = await scripted(() => ({ status: 404, headers: html, body: '<html>' }))
    const reading = crm.read({ by: 'email', emails: ['a@x.no', 'b@x.no'] }, {})
    await expect(reading).rejects.toMatchObject({ code: 'upstream_not_found' })
  })

  it('whose links name an inner host is read from where it is, by their query', async () => {
    const inner = 'http://so-app01.internal/crm/api/v1/Archive/dynamic?$skip=1&x=a%2Bb'
    const row = { 'email.person_id': 18, 'email.email_address': 'a@x.no', 'email.type': 0 }
    const { crm, heard } = await scripted(({ path }) => {
      if (path.includes('$skip=1')) {
        return page([row])
      }
      return /email_address%20in.*gt%200/.test(path) ? page([], inner) : page([])
    })
    await crm.read({ by: 'email', emails: ['a@x.no'] }, {})
    expect(heard.map(({ path }) => path)).toContain('/crm/api/v1/Archive/dynamic?$skip=1&x=a%2Bb')
    expect(heard.some(({ path }) => path.includes('email.person_id%20in%20(18)'))).toBe(true)
  })

  it('that gives fewer rows than asked for, or shows full values, is read to the end', async () => {
    const full = (value: unknown) => ({
      RawValue: value,
      DisplayValue: String(value),
      LinkHint: '',
      TooltipHint: '',
    })
    const rowsOf = (from: number) =>
      [1, 2, 3, 4, 5]
        .filter((id) => id >= from)
        .map((id) => ({
          PrimaryKey: id,
          EntityName: 'email',
          StyleHint: '',
          LinkHint: '',
          // In the form in which the page on filters shows full rows.
          Column: {
            'email.person_id': full(id),
            'email.email_address': full(`p${id}@x.no`),
            'email.rank': full(1),
            'email.type': full(0),
            'email.person_id.registered': full('2024-03-01T08:00:00'),
            'email.person_id.deletedDate': full('0001-01-01T00:00:00'),
          },
        }))
    const { crm } = await scripted(({ path }) => {
      const from = Number(/email\.person_id%20g[te]%20(\d+)/.exec(path)?.[1] ?? 0)
      return path.includes('consentperson')
        ? page([])
        : page(rowsOf(path.includes('%20gt%20') ? from + 1 : from).slice(0, 2))
    })
    const ids: string[] = []
    for await (const { contacts } of crm.readChanges(null, {})) {
      ids.push(...contacts.map(({ contactId }) => contactId))
    }
    expect(ids).toEqual(['1', '2', '3', '4', '5'])
  })

  it('quotes with a backslash, and encodes what means something in a query', async () => {
    const { crm, heard } = await scripted(() => page([]))
    await crm.read({ by: 'email', emails: ["o'brien+a@x.no", 'å&b=c#d@x.no', '\\'] }, {})
    const filter = new URL(`http://h${heard[0]?.path}`).searchParams.get('$filter')
    expect(filter).toContain("email.email_address in ('o\\'brien+a@x.no','å&b=c#d@x.no','\\\\')")
    expect(heard[0]?.path).toContain('%2Ba@x.no'.replace('@', '%40'))
    expect(heard[0]?.path).toMatch(/\$top=\d+/)
  })
})
