import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { CrmFacts, WebhookInstallation } from '../../../../src/crm/crm.js'
import { SECRETS, valuesOf, type SetUpStand } from '../contract-stand.js'
import { startReceiver, type Receiver } from '../receiver.js'
import { somebody, writeOf } from './people.js'

/** Changes that are posted to us. */
export function webhooks(given: () => SetUpStand): void {
  let receiver: Receiver
  beforeAll(async () => {
    receiver = await startReceiver(given().stand)
    receiver.facts = given().facts
  })
  afterAll(() => receiver.close())

  const crm = () => given().stand.open(receiver.facts)
  async function install(): Promise<WebhookInstallation> {
    const keep = (facts: CrmFacts) => {
      receiver.facts = { ...receiver.facts, ...facts }
      return Promise.resolve()
    }
    const installation = await crm().installWebhooks({ url: receiver.url, keep }, {})
    await keep(installation.facts)
    return installation
  }
  const drain = () => given().stand.drainWebhooks()

  describe('webhooks', () => {
    it('are installed, twice like once, or it is said why not', async () => {
      const { postsWebhooks } = given().stand
      for (const installation of [await install(), await install()]) {
        expect(installation.installed).toBe(postsWebhooks)
        expect(installation.reason === null).toBe(postsWebhooks)
        expect(installation.reason).not.toBe('')
      }
      expect(await crm().tendWebhooks?.({})).toEqual(crm().tendWebhooks && { reactivated: false })
    })

    it('report a person’s act, and that it was a no', async () => {
      const set = given()
      const { allow, deny } = valuesOf(set.stand)
      const id = await somebody(set, { value: allow })
      await drain()
      receiver.calls.length = 0
      await set.stand.userSets(id, deny)
      await drain()
      if (!set.stand.postsWebhooks) {
        expect(receiver.calls).toEqual([])
        return
      }
      const verdicts = receiver.calls.map(({ verdict }) => verdict)
      expect(verdicts.every(({ accepted }) => accepted)).toBe(true)
      const hints = verdicts.flatMap((verdict) => (verdict.accepted ? verdict.hints : []))
      expect(hints).toContainEqual(
        expect.objectContaining({ entity: 'contact', contactId: id, saysDeny: true }),
      )
    })

    it('of our own write claim no person’s no', async () => {
      const set = given()
      const id = await somebody(set, { value: valuesOf(set.stand).allow })
      await drain()
      receiver.calls.length = 0
      await set.crm.write([await writeOf(set, id)], {})
      await drain()
      const hints = receiver.calls.flatMap(({ verdict }) => (verdict.accepted ? verdict.hints : []))
      expect(hints.filter(({ actorUserId }) => actorUserId !== null)).toEqual([])
      if (set.stand.driver.capabilities.values === 'toggle') {
        expect(hints.filter(({ saysDeny }) => saysDeny)).toEqual([])
      }
    })

    it('that somebody else posts, or has changed on the way, are refused', async () => {
      const { stand } = given()
      const judge = (headers: Receiver['calls'][0]['request']['headers'], body: Buffer) =>
        stand.driver.receiveWebhook({ headers, body }, receiver.facts, SECRETS)
      const unauthorized = { accepted: false, code: 'webhook_unauthorized' }
      expect(judge({ 'content-type': 'application/json' }, Buffer.from('{}'))).toEqual(unauthorized)
      for (const { request } of receiver.calls) {
        expect(judge(request.headers, request.body).accepted).toBe(true)
        const proofs = Object.keys(request.headers).filter((name) => name.startsWith('x-'))
        const forged = proofs.map((name) => [name, backwards(request.headers[name]!)])
        const others = { ...request.headers, ...Object.fromEntries(forged) }
        expect(judge(others, request.body)).toEqual(unauthorized)
        if (stand.signsWebhooks) {
          const body = Buffer.concat([request.body, Buffer.from(' ')])
          expect(judge(request.headers, body)).toEqual(unauthorized)
        }
        const cut = judge(request.headers, request.body.subarray(0, request.body.length / 2))
        expect(cut.accepted).toBe(false)
      }
      expect(receiver.calls.length > 0).toBe(stand.postsWebhooks)
    })

    it('end, twice without harm, and what comes after is not believed', async () => {
      const set = given()
      const known = receiver.calls.at(-1)
      for (let time = 0; time < 2; time += 1) {
        receiver.facts = { ...receiver.facts, ...(await crm().removeWebhooks({})) }
      }
      receiver.calls.length = 0
      await set.stand.userSets(await somebody(set), valuesOf(set.stand).deny)
      await drain()
      expect(receiver.calls).toEqual([])
      if (known) {
        const verdict = set.stand.driver.receiveWebhook(known.request, receiver.facts, SECRETS)
        expect(verdict.accepted).toBe(false)
      }
    })
  })
}

function backwards(text: string): string {
  return [...text].reverse().join('') + 'x'
}
