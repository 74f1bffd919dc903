import { afterEach, describe, expect, it } from '@jest/globals'
import { dynamicsDriver } from '../../../src/crm/dynamics/driver.js'
import { type Said, scriptedService } from './support/scripted-service.js'
import { openSession } from './support/stand-in.js'

let service: Awaited<ReturnType<typeof scriptedService>> | undefined

afterEach(async () => {
  await service?.close()
})

interface Script {
  readonly held?: readonly Record<string, unknown>[]
  readonly heldStatus?: number
  /** Names that the organisation knows as privileges; null: they cannot be read. */
  readonly known?: readonly string[] | null
}

/** Runs the step "privileges" against an organisation that answers by the script. */
async function check({ held = [], heldStatus = 200, known = null }: Script): Promise<unknown> {
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
  const step = dynamicsDriver.setupSteps.find((one) => one.id === 'privileges')
  return step?.run(openSession(service.url), {})
}

const read = { PrivilegeName: 'prvReadContact', Depth: 'Global' }
const write = { PrivilegeName: 'PRVWRITECONTACT', Depth: 'Global' }

function missing(...names: string[]) {
  return { code: 'crm_privilege_missing', value: names.join(',') }
}

describe('the privileges of the application user', () => {
  it('are enough with the two on contacts, where other names cannot be checked', async () => {
    await expect(check({ held: [read, write] })).resolves.toEqual({})
  })

  it('must reach the whole organisation; the furthest of several roles counts', async () => {
    const local = { ...read, Depth: 'Deep' }
    await expect(check({ held: [local, write] })).rejects.toMatchObject(missing('prvReadContact'))
    await service?.close()
    await expect(check({ held: [read, local, write] })).resolves.toEqual({})
  })

  it('are all named at once when missing, in words', async () => {
    const failure = await check({}).catch((error: unknown) => error)
    expect(failure).toMatchObject(missing('prvReadContact', 'prvWriteContact'))
    expect(String(failure)).toContain(
      'prvReadContact (organisation), prvWriteContact (organisation)',
    )
  })

  it('with an uncertain name count only where the organisation knows the name', async () => {
    const known = ['prvCreateEntity', 'prvSomethingElse']
    await expect(check({ held: [read, write], known })).rejects.toMatchObject(
      missing('prvCreateEntity'),
    )
  })

  it('are found by their ids where the answer has no names', async () => {
    const held = [
      { PrivilegeId: 'ID-prvReadContact', Depth: 'Global' },
      { PrivilegeId: 'id-prvWriteContact', Depth: 3 },
    ]
    const known = ['prvReadContact', 'prvWriteContact']
    await expect(check({ held, known })).resolves.toEqual({})
  })

  it.each([403, 404, 400])(
    'that the service does not tell (%d) are left to the calls',
    async (heldStatus) => {
      await expect(check({ heldStatus })).resolves.toEqual({})
    },
  )

  it('are asked for again later where the service is busy', async () => {
    await expect(check({ heldStatus: 503 })).rejects.toMatchObject({ retryable: true })
  })
})
