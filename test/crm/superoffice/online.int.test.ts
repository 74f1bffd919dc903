import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { RequestTally } from '../../../src/http/index.js'
import { type StandIn, startStandIn } from './support/stand-in.js'

let standIn: StandIn

beforeEach(async () => {
  standIn = await startStandIn()
})

afterEach(async () => {
  await standIn.close()
})

const sixteen = (work: () => Promise<unknown>) => Promise.all(Array.from({ length: 16 }, work))

describe('tickets', () => {
  it('are got once by sixteen calls at a time, and by sessions opened later', async () => {
    const crm = standIn.open()
    const tally = new RequestTally()
    await sixteen(() => crm.check({ tally }))
    await standIn.open().check({ tally })
    expect(tally.operations()).toEqual({
      'superoffice.tenantStatus': 1,
      'superoffice.ticket': 1,
      'superoffice.jwks': 1,
      'superoffice.currentPrincipal': 17,
    })
  })

  it('are renewed once when sixteen calls are refused, and each call is repeated once', async () => {
    const crm = standIn.open()
    await crm.check({})
    await standIn.control.post('tickets/expire')
    await standIn.control.post('requests/reset')
    await sixteen(() => crm.check({}))
    const { authenticate, principal } = await operations()
    expect(authenticate).toBe(1)
    expect(principal).toBeLessThanOrEqual(32)
  })

  it('end in upstream_auth_failed without hammering once the approval is taken back', async () => {
    const crm = standIn.open()
    await crm.check({})
    await standIn.control.post('approval', { revoked: true })
    await standIn.control.post('requests/reset')
    const failures = await sixteen(() => crm.check({}).catch((error: unknown) => error))
    expect(failures).toEqual(
      failures.map(() =>
        expect.objectContaining({ code: 'upstream_auth_failed', retryable: false }),
      ),
    )
    const { authenticate = 0, principal } = await operations()
    expect(authenticate).toBeLessThanOrEqual(1)
    expect(principal).toBeLessThanOrEqual(16)
    await standIn.control.post('approval', { revoked: false })
    await expect(crm.check({})).resolves.toBeUndefined()
  })

  it('that are fresh and refused nevertheless are not renewed again by those under way', async () => {
    const crm = standIn.open()
    await crm.check({})
    await standIn.control.post('faults', { path: 'currentPrincipal', status: 401 })
    await standIn.control.post('requests/reset')
    await sixteen(() => expect(crm.check({})).rejects.toMatchObject({ retryable: false }))
    const { authenticate, principal } = await operations()
    expect(authenticate).toBe(1)
    expect(principal).toBeLessThanOrEqual(32)
  })

  it('are signed for by the clock of the login host, however wrong ours is', async () => {
    await standIn.control.post('clock', { loginSkewMs: -45 * 60_000 })
    await expect(standIn.open().check({})).resolves.toBeUndefined()
  })

  it('are refused without a word of what was sent or said', async () => {
    await standIn.control.post('approval', { revoked: true })
    const error = await standIn.open().check({}).catch(String)
    expect(error).toBe(
      'UpstreamError: superoffice POST /Login/api/PartnerSystemUser/Authenticate: the system user was refused',
    )
  })

  it.each(['wrongIssuer', 'wrongAudience', 'badKey', 'notJwt'])(
    'in an envelope that is not right (%s) are not used',
    async (signIn) => {
      await standIn.control.post('switches', { signIn })
      const failed = {
        code: 'upstream_auth_failed',
        upstreamCode: 'token_invalid',
        retryable: false,
      }
      await expect(standIn.open().check({})).rejects.toMatchObject(failed)
      expect((await operations()).principal).toBe(0)
    },
  )

  it('keep the others waiting when the first caller gives up', async () => {
    await standIn.control.post('faults', { path: 'PartnerSystemUser', delayMs: 200 })
    const crm = standIn.open()
    const controller = new AbortController()
    const first = crm.check({ signal: controller.signal })
    const second = crm.check({})
    controller.abort(new Error('enough'))
    await expect(first).rejects.toThrow('enough')
    await expect(second).resolves.toBeUndefined()
    expect((await operations()).authenticate).toBe(1)
  })
})

describe('an answer to the sign-in', () => {
  it.each([
    { Token: 'x' },
    { IsSuccessful: null, Token: 'x' },
    { IsSuccessful: 'true', Token: 'x' },
    { IsSuccessful: false },
    { IsSuccessful: true, Token: 5 },
    {},
  ])('that does not say that it succeeded, %j, is a refusal', async (body) => {
    await standIn.control.post('faults', { path: 'PartnerSystemUser', status: 200, body })
    await expect(standIn.open().check({})).rejects.toMatchObject({
      code: 'upstream_auth_failed',
      upstreamCode: 'system_user_refused',
    })
  })
})

describe('who we are', () => {
  const told = (more: object) => ({ AssociateId: 316, ...more })

  it.each([
    {},
    { DatabaseContextIdentifier: '', UserType: '', FunctionRights: '' },
    { DatabaseContextIdentifier: null, UserType: null, FunctionRights: null },
    { DatabaseContextIdentifier: 5, UserType: 3, FunctionRights: [null, 7, {}, 'a'] },
  ])('needs only our id: %j stops nobody', async (more) => {
    const body = told(more)
    await standIn.control.post('faults', { path: 'currentPrincipal', status: 200, body })
    const facts = { associateId: 316, databaseContextIdentifier: 'Cust12345' }
    await expect(standIn.open(facts).check({})).resolves.toBeUndefined()
  })

  it.each([{ AssociateId: 317 }, { DatabaseContextIdentifier: 'Cust99999' }])(
    'is another one: %j',
    async (other) => {
      const body = told(other)
      await standIn.control.post('faults', { path: 'currentPrincipal', status: 200, body })
      await expect(standIn.open({ associateId: 316 }).check({})).rejects.toMatchObject({
        code: 'upstream_auth_failed',
      })
    },
  )
})

describe('an answer to another call than the write', () => {
  const write = async () => {
    const [contactId = ''] = await standIn.addPersons({
      emails: ['a@x.no'],
      consents: { EMARKETING: { legalBase: '61A', updatedCount: 3 } },
    })
    const crm = standIn.open()
    await crm.check({})
    return () =>
      crm.write(
        [
          {
            kind: 'consent',
            contactId,
            purpose: 'marketingSendouts',
            value: 'withdrawn',
            expectedVersion: '3',
          },
        ],
        {},
      )
  }

  it('is nothing about the person: a tenant that is not known is no person that is gone', async () => {
    const send = await write()
    await standIn.control.post('faults', { method: 'PUT', status: 421, times: 1 })
    await standIn.control.post('faults', { path: '/api/state', status: 404, body: '{}' })
    expect(await send()).toMatchObject([{ status: 'notSent', error: { status: 404 } }])
  })

  it.each([400, 401, 403])('nor is a sign-in that is refused with %d', async (status) => {
    const send = await write()
    await standIn.control.post('faults', { method: 'PUT', status: 401, times: 1 })
    await standIn.control.post('faults', { path: 'PartnerSystemUser', status, body: '{}' })
    const error = { code: 'upstream_auth_failed', upstreamCode: 'system_user_refused' }
    expect(await send()).toMatchObject([{ status: 'notSent', error }])
  })
})

describe('a tenant', () => {
  it('that moved is found again, once for all', async () => {
    const crm = standIn.open()
    await crm.check({})
    await standIn.control.post('move')
    await standIn.control.post('requests/reset')
    await sixteen(() => crm.check({}))
    expect((await standIn.requests())['tenantStatus']).toBe(1)
    expect((await operations()).authenticate).toBe(0)
  })

  it.each(['OfflineMaintenance', 'Suspended', 'MigrationPending'])(
    'in state %s is waited for',
    async (state) => {
      await standIn.control.post('tenant', { state })
      const failure = await standIn
        .open()
        .check({})
        .catch((error: unknown) => error)
      expect(failure).toMatchObject({ code: 'crm_tenant_unavailable', value: state })
      expect(failure).toMatchObject({ kind: { retryable: true } })
      const { retryAfterMs } = failure as { retryAfterMs: number }
      expect(retryAfterMs).toBeGreaterThanOrEqual(15_000)
      expect((await operations()).authenticate).toBe(0)
    },
  )

  it('that goes into maintenance meanwhile says so by its status', async () => {
    const crm = standIn.open()
    await crm.check({})
    await standIn.control.post('tenant', { state: 'OfflineMaintenance' })
    await expect(crm.check({})).rejects.toMatchObject({ code: 'crm_tenant_unavailable' })
  })

  it('that runs and does not answer keeps its own error', async () => {
    const crm = standIn.open()
    await crm.check({})
    await standIn.control.post('faults', { path: 'currentPrincipal', status: 503, html: true })
    await expect(crm.check({})).rejects.toMatchObject({ code: 'upstream_unavailable' })
  })

  it('that was deleted is not waited for', async () => {
    await standIn.control.post('tenant', { state: 'Deleted' })
    const failure = { code: 'crm_tenant_deleted', kind: { retryable: false } }
    await expect(standIn.open().check({})).rejects.toMatchObject(failure)
  })

  it('that another one answers for is refused, and so is another user', async () => {
    const open = (facts: object) => standIn.open({ ...facts }).check({})
    await expect(open({ databaseContextIdentifier: 'Cust99999' })).rejects.toMatchObject({
      upstreamCode: 'wrong_organization',
    })
    await expect(open({ associateId: 7 })).rejects.toMatchObject({ upstreamCode: 'wrong_user' })
    await expect(
      open({ databaseContextIdentifier: 'cust12345', associateId: 316 }),
    ).resolves.toBeUndefined()
  })
})

async function operations() {
  const all = await standIn.requests()
  const principal = Object.entries(all).find(([name]) => /principal/i.test(name))?.[1] ?? 0
  return { authenticate: all['authenticate'] ?? 0, principal }
}
