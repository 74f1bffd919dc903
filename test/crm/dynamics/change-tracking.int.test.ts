import { afterEach, describe, expect, it } from '@jest/globals'
import { scriptedService } from './support/scripted-service.js'
import { PLAIN, stepOf } from './support/run-steps.js'
import { openSession } from './support/stand-in.js'

let service: Awaited<ReturnType<typeof scriptedService>> | undefined

afterEach(async () => {
  await service?.close()
})

/** Runs the step against definitions that are switched on or off, and may be locked. */
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
  const session = openSession(service.url)
  const step = stepOf('changeTracking')
  const once = () => step.do(session, PLAIN)
  const look = () => step.verify(session, PLAIN)
  return { once, look, writes: () => service?.heard.filter((one) => one.method !== 'GET') ?? [] }
}

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
