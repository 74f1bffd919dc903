import { afterEach, describe, expect, it } from '@jest/globals'
import type { StepVerdict } from '../../../src/crm/crm.js'
import { type Said, scriptedService } from './support/scripted-service.js'
import { PLAIN, stepOf } from './support/run-steps.js'
import { openCrm } from './support/stand-in.js'

let service: Awaited<ReturnType<typeof scriptedService>> | undefined

afterEach(async () => {
  await service?.close()
})

interface Script {
  readonly held?: readonly Record<string, unknown>[]
  readonly heldStatus?: number
  /** Names of privileges that the organisation knows; null: they cannot be read. */
  readonly known?: readonly string[] | null
}

/** Runs the check of the step "privileges" against an organisation with the script's answers. */
async function check(
  { held = [], heldStatus = 200, known = null }: Script,
  context = PLAIN,
): Promise<StepVerdict> {
  service = await scriptedService(({ path }): Said => {
    if (path === 'WhoAmI') {
      const UserId = '75c2dd85-e89e-e711-8122-000d3aa2331c'
      return { status: 200, body: { UserId, OrganizationId: UserId } }
    }
    if (path.endsWith('RetrieveUserPrivileges')) {
      return { status: heldStatus, body: { RolePrivileges: held } }
    }
    return known === null
      ? { status: 403, body: { error: { code: '0x80040220' } } }
      : { status: 200, body: { value: known.map((name) => ({ name, privilegeid: `id-${name}` })) } }
  })
  return stepOf('privileges').verify(openCrm(service.url), context)
}

const read = { PrivilegeName: 'prvReadContact', Depth: 'Global' }
const write = { PrivilegeName: 'PRVWRITECONTACT', Depth: 'Global' }

const DONE = { state: 'done' }

function missing(...names: string[]) {
  return {
    state: 'paused',
    pause: {
      code: 'privilegeMissing',
      choices: ['retry', 'skip', 'abort'],
      seen: { missing: names, userId: '75c2dd85-e89e-e711-8122-000d3aa2331c' },
    },
  }
}

describe('the privileges of the application user', () => {
  it('are enough with the two on contacts, where other names cannot be checked', async () => {
    expect(await check({ held: [read, write] })).toEqual(DONE)
  })

  it('must reach the entire organisation; the furthest of several roles counts', async () => {
    const local = { ...read, Depth: 'Deep' }
    expect(await check({ held: [local, write] })).toMatchObject(
      missing('prvReadContact (organisation)'),
    )
    await service?.close()
    expect(await check({ held: [read, local, write] })).toEqual(DONE)
  })

  it('are all named together when missing, in words', async () => {
    const names = ['prvReadContact (organisation)', 'prvWriteContact (organisation)']
    expect(await check({})).toMatchObject({
      ...missing(...names),
      pause: { message: expect.stringContaining(names.join(', ')) },
    })
  })

  it('include making a view, and reading the audit that proves who set a toggle', async () => {
    const known = ['prvCreateQuery', 'prvReadAuditSummary']
    expect(await check({ held: [read, write], known })).toMatchObject(
      missing('prvReadAuditSummary', 'prvCreateQuery'),
    )
    await service?.close()
    const context = { ...PLAIN, subscriptionSync: false }
    expect(await check({ held: [read, write], known }, context)).toMatchObject(
      missing('prvReadAuditSummary'),
    )
  })

  it('with an uncertain name count only where the organisation knows the name', async () => {
    const known = ['prvCreateEntity', 'prvSomethingElse']
    const held = [read, write]
    expect(await check({ held, known })).toMatchObject(missing('prvCreateEntity'))
  })

  it('to build tables are not needed where no subscriptions are kept', async () => {
    const known = ['prvCreateEntity', 'prvPublishCustomization']
    const context = { ...PLAIN, subscriptionSync: false }
    expect(await check({ held: [read, write], known }, context)).toEqual(DONE)
  })

  it('that are missing stop the step, unless Support skips the check', async () => {
    await check({})
    const crm = openCrm(service?.url ?? '')
    const step = stepOf('privileges')
    await expect(step.do(crm, PLAIN)).rejects.toMatchObject({
      name: 'SetupPaused',
      pause: { code: 'privilegeMissing' },
    })
    const choice = { action: 'skip' } as const
    expect(await step.verify(crm, { ...PLAIN, choice })).toMatchObject({ state: 'skipped' })
  })

  it('are found by their ids where the answer has no names', async () => {
    const held = [
      { PrivilegeId: 'ID-prvReadContact', Depth: 'Global' },
      { PrivilegeId: 'id-prvWriteContact', Depth: 3 },
    ]
    const known = ['prvReadContact', 'prvWriteContact']
    expect(await check({ held, known })).toEqual(DONE)
  })

  it.each([403, 404, 400])(
    'that the service does not report (%d) are left to the calls',
    async (heldStatus) => {
      expect(await check({ heldStatus })).toEqual(DONE)
    },
  )

  it('are asked for again later where the service is busy', async () => {
    await expect(check({ heldStatus: 503 })).rejects.toMatchObject({ retryable: true })
  })
})
