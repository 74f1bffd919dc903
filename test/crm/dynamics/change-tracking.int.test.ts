import { afterEach, describe, expect, it } from '@jest/globals'
import type { StepChoice } from '../../../src/contracts/setup.js'
import {
  draftOf,
  pauseOf,
  publishByHand,
  saveDraft,
  STOCK_FORM,
  storedForm,
} from './setup-form/forms-stand.js'
import { scriptedService } from './support/scripted-service.js'
import { PLAIN, runStep, stepOf, writesMade } from './support/run-steps.js'
import { openCrm, startStandIn } from './support/stand-in.js'

let service: Awaited<ReturnType<typeof scriptedService>> | undefined

afterEach(async () => {
  await service?.close()
})

/** Runs the step against definitions that are enabled or disabled, and may be locked. */
async function run(contact: { enabled: boolean; allowed?: boolean; published?: boolean }) {
  const definitions: Record<string, Record<string, unknown>> = {
    contact: {
      MetadataId: 'm1',
      EntitySetName: 'contacts',
      PrimaryIdAttribute: 'contactid',
      SchemaName: 'Contact',
      ChangeTrackingEnabled: contact.enabled,
      CanChangeTrackingBeEnabled: { Value: contact.allowed ?? true },
    },
    em_subscriptions: {
      EntitySetName: 'em_subscriptionses',
      PrimaryIdAttribute: 'em_subscriptionsid',
      ChangeTrackingEnabled: true,
    },
  }
  let published = contact.published ?? contact.enabled
  service = await scriptedService(({ method, path, body }) => {
    if (path.startsWith('contacts?') && !published) {
      return { status: 400, body: { error: { code: '0x80044183' } } }
    }
    published ||= path === 'PublishXml'
    const table = /LogicalName='(\w+)'/.exec(path)?.[1] ?? ''
    if (method === 'PUT') {
      definitions[table] = JSON.parse(body) as Record<string, unknown>
    }
    return method === 'GET'
      ? { status: 200, body: definitions[table] ?? { value: [] } }
      : { status: 204 }
  })
  const crm = openCrm(service.url)
  const step = stepOf('changeTracking')
  const once = () => step.do(crm, PLAIN)
  const look = () => step.verify(crm, PLAIN)
  return { once, look, writes: () => service?.heard.filter((one) => one.method !== 'GET') ?? [] }
}

describe('publishing contact for its change tracking', () => {
  const VIEW = '00000000-0000-0000-00aa-000010001004'
  const CHANGE_TRACKING = stepOf('changeTracking')

  it('waits for a colleague, whose form and view would go live, with nothing switched on', async () => {
    const stand = await startStandIn({ contactChangeTracking: false })
    try {
      const formxml = (await draftOf(stand)).replace('Bulk Email', 'Mass mailing')
      await saveDraft(stand, formxml)
      await stand.control('PATCH', `rows/savedquery/${VIEW}`, { values: { name: 'People' } })
      const run = (choice: StepChoice | null = null) =>
        runStep(stand, CHANGE_TRACKING, {}, { choice, subscriptionSync: false })
      await stand.control('DELETE', 'counters')
      const pause = await pauseOf(run())
      expect(pause).toMatchObject({
        code: 'draftPending',
        choices: ['retry', 'publishAll', 'abort'],
        seen: {
          drafts: [
            { kind: 'form', id: STOCK_FORM, name: 'Contact' },
            { kind: 'view', id: VIEW, name: 'People' },
          ],
        },
      })
      expect(pause.message).toContain('the form "Contact", the view "People"')
      expect(pause.message).toMatch(/unpublished columns, labels, ribbons/)
      // Also if it is called without the check before.
      const context = { choice: null, subscriptionSync: false }
      await pauseOf(CHANGE_TRACKING.do(stand.open({}), context))
      expect(await writesMade(stand)).toEqual([])
      expect((await storedForm(stand)).formxml).not.toContain('Mass mailing')

      await run({ action: 'publishAll' })
      expect((await storedForm(stand)).formxml).toContain('Mass mailing')
    } finally {
      await stand.close()
    }
  })

  it('goes on once the colleague has published', async () => {
    const stand = await startStandIn({ contactChangeTracking: false })
    try {
      await saveDraft(stand, (await draftOf(stand)).replace('Bulk Email', 'Mass mailing'))
      const context = { choice: null, subscriptionSync: false }
      await pauseOf(runStep(stand, CHANGE_TRACKING, {}, context))
      await publishByHand(stand, {})
      await runStep(stand, CHANGE_TRACKING, {}, context)
    } finally {
      await stand.close()
    }
  })
})

describe('change tracking', () => {
  it('that is on is left alone, and nothing is published', async () => {
    const { once, look, writes } = await run({ enabled: true })
    expect(await look()).toEqual({ state: 'done' })
    await once()
    expect(writes()).toEqual([])
  })

  it('is switched on by the whole definition, other languages kept, and published once', async () => {
    const { once, writes } = await run({ enabled: false })
    await once()
    await once()
    const [put, publish, ...more] = writes()
    expect(more).toEqual([])
    expect(put?.headers['mscrm.mergelabels']).toBe('true')
    expect(JSON.parse(put?.body ?? '')).toMatchObject({
      MetadataId: 'm1',
      EntitySetName: 'contacts',
      PrimaryIdAttribute: 'contactid',
      SchemaName: 'Contact',
      ChangeTrackingEnabled: true,
    })
    expect(publish?.path).toBe('PublishXml')
    expect(publish?.body).toContain('<entity>contact</entity></entities>')
  })

  it('that was switched on by a run that died before publishing is published', async () => {
    const { once, look, writes } = await run({ enabled: true, published: false })
    const what = 'Publish contact, so that its change tracking takes effect'
    expect(await look()).toEqual({ state: 'due', changes: [{ what }] })
    await once()
    expect(writes().map(({ path }) => path)).toEqual(['PublishXml'])
    expect(await look()).toEqual({ state: 'done' })
  })

  it('that may not be switched on is said', async () => {
    const { once } = await run({ enabled: false, allowed: false })
    await expect(once()).rejects.toMatchObject({ code: 'crm_refused' })
  })
})
