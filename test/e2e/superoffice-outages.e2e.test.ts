import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { connectionFiles } from '../../dev/stack/connection-files.js'
import { startStack, type Stack } from '../../dev/stack/start-stack.js'
import { withFiles } from '../cli/files.js'
import { documentOf } from '../cli/run-lbsync.js'
import { SuperOfficePlace } from './support/superoffice-place.js'

const MINUTES = 60_000
/** How long nothing is answered during a nightly recycle. Three seconds by default; real ones last two minutes. */
const OUTAGE_SECONDS = Number(process.env['OUTAGE_SECONDS'] ?? 3)
/** A sweep retries after up to a minute, a sendout after ten seconds. */
const CAUGHT_UP_MS = 75_000

const files = withFiles()
let stack: Stack
const places: Partial<Record<'online' | 'onsite', SuperOfficePlace>> = {}

beforeAll(async () => {
  stack = await startStack({ ui: false, superOffice: true })
  const { online, onsite } = connectionFiles(stack.places)
  const superOffice = stack.places.superOffice!
  const people = (at: string) => ['anna', 'bo', 'cleo'].map((name) => `${name}@${at}.example.test`)
  places.online = new SuperOfficePlace(
    stack,
    online!,
    superOffice.online.controlUrl,
    people('online'),
  )
  places.onsite = new SuperOfficePlace(
    stack,
    onsite!,
    superOffice.onsite.controlUrl,
    people('onsite'),
  )
  for (const place of Object.values(places)) {
    place.writeFile = (content) => files.write(content)
    await place.populate()
    await place.apply()
  }
}, 15 * MINUTES)

afterAll(async () => {
  await stack?.stop()
}, 15 * MINUTES)

describe.each(['online', 'onsite'] as const)('SuperOffice %s', (kind) => {
  const place = () => places[kind]!
  /** Their first names, because each place has other addresses for them. */
  const at = (name: string) => place().people.find((email) => email.startsWith(name))!

  it(
    'a nightly recycle delays a sweep and a sendout, loses nothing, and is no reason to hammer',
    async () => {
      const { crm, connectionId } = place()
      if (kind === 'online') {
        await crm.send('POST', 'webhook-faults', { loseShare: 1 })
      }
      await place().withdraw(at('anna'))
      const recycle = (await crm.send('POST', 'faults', { reset: true })) as { id: number }
      await crm.send('POST', 'requests/reset')
      const sweep = place().run('sweep', 'now', connectionId)
      const sendout = place().preSend(`snd_recycle_${kind}`, OUTAGE_SECONDS + 120)
      await place().asked(3)
      await wait(OUTAGE_SECONDS * 1_000)
      const { total } = await place().requests()
      await crm.send('DELETE', `faults?id=${recycle.id}`)
      const over = Date.now()
      const since = () => Date.now() - over
      const [sentAfterMs, sweptAfterMs] = await Promise.all([
        sendout.then(since),
        sweep.then(since),
      ])
      const sent = await sendout
      const figures = { kind, OUTAGE_SECONDS, requests: total, sentAfterMs, sweptAfterMs }
      process.stderr.write(`${JSON.stringify(figures)}\n`)
      expect(sent).toMatchObject({
        complete: true,
        eligible: 2,
        excluded: { consentWithdrawn: 1 },
      })
      expect(await place().basisOf(at('anna'))).toBe('withdrawn')
      // Each try of either makes at most two requests: to the API, and online also to the tenant's status.
      expect(total).toBeLessThan(20 + OUTAGE_SECONDS / 2)
      expect(Math.max(sentAfterMs, sweptAfterMs)).toBeLessThan(CAUGHT_UP_MS)
    },
    15 * MINUTES + OUTAGE_SECONDS * 1_000,
  )

  it(
    'credentials that are refused are tried once, reported in words, and not tried again before their time',
    async () => {
      const { crm, connectionId } = place()
      await crm.send('POST', 'approval', { revoked: true })
      await crm.send('POST', 'tickets/expire')
      await crm.send('POST', 'requests/reset')
      for (const sendoutId of [`snd_revoked_1_${kind}`, `snd_revoked_2_${kind}`]) {
        expect(await place().preSend(sendoutId, 20)).toMatchObject({
          eligible: 0,
          excluded: { notVerified: 3 },
        })
      }
      const swept = await place().tried('sweep', 'now', connectionId)
      expect([swept.exitCode, documentOf(swept)]).toMatchObject([
        5,
        { error: { code: 'crm_auth_failed', message: expect.stringMatching(WORDS[kind]) } },
      ])
      // The refused call, and online one more try to sign in.
      expect((await place().requests()).total).toBeLessThanOrEqual(kind === 'online' ? 4 : 2)
      const pause = { mode: 'refused', reason: expect.stringMatching(WORDS[kind]), by: null }
      expect(await place().shown()).toMatchObject({
        state: 'paused',
        pause: { ...pause, since: expect.stringMatching(/Z$/) },
        blocked: { crm: { code: 'crm_auth_failed' } },
      })
      const listed = documentOf<{ connections: unknown[] }>(await place().run('connection', 'list'))
      expect(listed.connections).toContainEqual(
        expect.objectContaining({ connectionId, state: 'paused' }),
      )
    },
    15 * MINUTES,
  )

  it(
    'credentials that are taken again are used immediately, where somebody applies the connection or resumes it',
    async () => {
      const { crm, connectionId } = place()
      await crm.send('POST', 'approval', { revoked: false })
      expect(await place().shown()).toMatchObject({ state: 'paused' })
      if (kind === 'online') {
        await place().apply()
      } else {
        await place().run(
          'connection',
          'resume',
          connectionId,
          '--reason',
          'mended',
          '--by',
          'Kari',
        )
      }
      expect(await place().shown()).toMatchObject({ state: 'active', pause: null })
      expect(await place().preSend(`snd_again_${kind}`, 60)).toMatchObject({
        complete: true,
        eligible: 2,
        excluded: { consentWithdrawn: 1 },
      })
      await place().run('sweep', 'now', connectionId)
    },
    15 * MINUTES,
  )

  it(
    'maintenance keeps everybody whom nobody could verify off the list, and is not hammered',
    async () => {
      const { crm } = place()
      await crm.send('POST', 'tenant', { state: 'OfflineMaintenance' })
      await crm.send('POST', 'tickets/expire')
      await crm.send('POST', 'requests/reset')
      const result = await place().preSend(`snd_maintenance_${kind}`, 20)
      expect(result).toMatchObject({ eligible: 0, excluded: { notVerified: 3 } })
      expect((await place().requests()).total).toBeLessThan(30)
      if (kind === 'online') {
        expect(await place().shown()).toMatchObject({
          state: 'active',
          blocked: { crm: { code: 'crm_tenant_unavailable' } },
        })
      }
      await crm.send('POST', 'tenant', { state: 'Running' })
      await place().theTimeComes()
      // Online the status is cached for a minute; the test waits for that only if there is time.
      if (kind === 'onsite' || OUTAGE_SECONDS >= 60) {
        expect(await place().preSend(`snd_after_${kind}`, 150)).toMatchObject({
          complete: true,
          eligible: 2,
        })
      }
    },
    15 * MINUTES,
  )
})

it(
  'SuperOffice online: a moved host is found again',
  async () => {
    const { crm, connectionId, people } = places.online!
    await places.online!.withdraw(people[1]!)
    await crm.send('POST', 'move')
    await places.online!.run('sweep', 'now', connectionId)
    expect(await places.online!.basisOf(people[1]!)).toBe('withdrawn')
  },
  15 * MINUTES,
)

const WORDS = {
  online: /administrator has probably withdrawn its approval/,
  onsite: /refuses user name and password/,
}
