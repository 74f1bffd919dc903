import { afterEach, describe, expect, it } from '@jest/globals'
import { dynamicsDriver } from '../../../src/crm/dynamics/driver.js'
import { scriptedService } from './support/scripted-service.js'
import { openSession } from './support/stand-in.js'

let service: Awaited<ReturnType<typeof scriptedService>> | undefined

afterEach(async () => {
  await service?.close()
})

/** Runs the step against definitions that are switched on or off, and may be locked. */
async function run(contact: { enabled: boolean; allowed?: boolean }) {
  const definitions: Record<string, Record<string, unknown>> = {
    contact: {
      MetadataId: 'm1',
      SchemaName: 'Contact',
      ChangeTrackingEnabled: contact.enabled,
      CanChangeTrackingBeEnabled: { Value: contact.allowed ?? true },
    },
    em_subscriptions: { SchemaName: 'em_Subscriptions', ChangeTrackingEnabled: true },
  }
  service = await scriptedService(({ method, path, body }) => {
    const table = /LogicalName='(\w+)'/.exec(path)?.[1] ?? ''
    if (method === 'PUT') {
      definitions[table] = JSON.parse(body) as Record<string, unknown>
    }
    return method === 'GET' ? { status: 200, body: definitions[table] } : { status: 204 }
  })
  const session = openSession(service.url)
  const step = dynamicsDriver.setupSteps.find((one) => one.id === 'changeTracking')
  const once = () => step?.run(session, {})
  return { once, writes: () => service?.heard.filter((one) => one.method !== 'GET') ?? [] }
}

describe('change tracking', () => {
  it('that is on is left alone, and nothing is published', async () => {
    const { once, writes } = await run({ enabled: true })
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
      SchemaName: 'Contact',
      ChangeTrackingEnabled: true,
    })
    expect(publish?.path).toBe('PublishXml')
    expect(publish?.body).toContain('<entity>contact</entity></entities>')
  })

  it('that may not be switched on is said', async () => {
    const { once } = await run({ enabled: false, allowed: false })
    await expect(once()).rejects.toMatchObject({ code: 'crm_refused' })
  })
})
