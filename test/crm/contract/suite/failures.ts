import { describe, expect, it } from '@jest/globals'
import { valuesOf, type SetUpStand } from '../contract-stand.js'
import { denial, newAddress, somebody } from './people.js'

/** Long enough for a busy machine, and far shorter than any time-out of ours. */

/** Faults between us and the CRM. */
export function failures(given: () => SetUpStand): void {
  const readAll = async () => {
    for await (const page of given().crm.readChanges(null, {})) {
      expect(page).toBeDefined()
    }
  }

  describe('the credentials', () => {
    it('are fine', async () => {
      await expect(given().crm.check({})).resolves.toBeUndefined()
    })

    it('that are refused are a matter for a person', async () => {
      const refused = given().stand.openRefused()
      const failed = { code: 'upstream_auth_failed', retryable: false }
      await expect(refused.check({})).rejects.toMatchObject(failed)
      const emails = [newAddress()]
      await expect(refused.read({ by: 'email', emails }, {})).rejects.toMatchObject(failed)
    })
  })

  describe('a CRM that is asked too much', () => {
    it('says when to come again, whatever was asked', async () => {
      const set = given()
      const write = await denial(set)
      await set.stand.faults.throttle(7)
      const throttled = { code: 'upstream_rate_limited', retryable: true, retryAfterSeconds: 7 }
      await expect(set.crm.read({ by: 'email', emails: [newAddress()] }, {})).rejects.toMatchObject(
        throttled,
      )
      await expect(readAll()).rejects.toMatchObject(throttled)
      const outcomes = await set.crm.write([write, write], {})
      const notSent = { status: 'notSent', error: throttled }
      expect(outcomes).toMatchObject([notSent, notSent])
      await set.stand.mend()
      expect(await set.stand.truth(write.contactId)).toBe(valuesOf(set.stand).allow)
    })
  })

  describe('an error', () => {
    it.each([400, 403, 500, 503])('of status %d names nobody’s address or name', async (status) => {
      const set = given()
      const email = newAddress('Very.Private')
      const id = await somebody(set, { emails: [email], value: valuesOf(set.stand).allow })
      const { contacts } = await set.crm.read({ by: 'contactId', contactIds: [id] }, {})
      await set.stand.faults.failWith(status, `Record of ${email} is broken`)
      const { version } = contacts[0]!.consents.marketingSendouts!
      const write = {
        kind: 'consent',
        contactId: id,
        purpose: 'marketingSendouts',
        value: valuesOf(set.stand).deny,
        expectedVersion: version,
      } as const
      const told = await Promise.all([
        set.crm.read({ by: 'email', emails: [email] }, {}).catch(wholeOf),
        readAll().catch(wholeOf),
        set.crm.write([write], {}).then((outcomes) => outcomes.map(wholeOf)),
      ])
      await set.stand.mend()
      expect(told.slice(0, 2).every((one) => typeof one === 'string')).toBe(true)
      expect(JSON.stringify(told)).not.toMatch(/very\.private/i)
      expect(await set.stand.truth(id)).toBe(valuesOf(set.stand).allow)
    })
  })

  describe('a call that is cancelled', () => {
    it('before it began asks nothing', async () => {
      const { crm, stand } = given()
      const before = await stand.requests()
      const signal = AbortSignal.abort(new Error('enough'))
      const emails = [newAddress()]
      await expect(crm.read({ by: 'email', emails }, { signal })).rejects.toThrow()
      expect(await stand.requests()).toBe(before)
    })

    it('ends immediately, though no answer ever comes', async () => {
      const set = given()
      const write = await denial(set)
      await set.stand.faults.hang()
      const aborter = new AbortController()
      const { signal } = aborter
      const calls = Promise.allSettled([
        set.crm.read({ by: 'email', emails: [newAddress()] }, { signal }),
        set.crm.write([write], { signal }),
        set.crm.check({ signal }),
      ])
      setTimeout(() => aborter.abort(new Error('enough')), 50)
      const [read, written, checked] = await calls
      await set.stand.mend()
      expect(read).toMatchObject({ status: 'rejected', reason: { code: 'upstream_cancelled' } })
      expect(checked).toMatchObject({ status: 'rejected', reason: { code: 'upstream_cancelled' } })
      expect(written.status === 'fulfilled' ? written.value[0]?.status : '').toMatch(
        /^(notSent|unknown)$/,
      )
      expect(await set.stand.truth(write.contactId)).toBe(valuesOf(set.stand).allow)
    })
  })
}

/** Everything in an error or an outcome that could be logged. */
function wholeOf(given: unknown): string {
  const error = given instanceof Error ? given : (given as { error?: unknown }).error
  const cause = (error as { cause?: unknown } | undefined)?.cause
  const texts = [error, cause].map((one) =>
    one instanceof Error ? `${one.stack} ${JSON.stringify(one)}` : JSON.stringify(one),
  )
  return [JSON.stringify(given), ...texts].join('\n')
}
