import { describe, expect, it } from '@jest/globals'
import type { SetupPreview } from '../../src/contracts/setup.js'
import { hang, SETUP_STEPS } from './support/default-activities.js'
import { failure } from './support/fake-world.js'
import { withWorkflows } from './support/with-workflows.js'

const workflows = withWorkflows()
let started = 0

/** Runs a preview. @returns its result or failure, and how long it took. */
async function preview() {
  const { environment, taskQueue } = workflows
  const handle = await environment.client.workflow.start('dynamicsSetup', {
    workflowId: `setup/preview/${++started}`,
    taskQueue,
    args: [{ connectionId: 'acme-dynamics', dryRun: true }],
  })
  const result = await handle.result().catch((error: unknown) => error)
  const { startTime, closeTime } = await handle.describe()
  return { result, tookMs: (closeTime?.getTime() ?? Infinity) - startTime.getTime() }
}

/** The cause that a failed workflow states. */
function causeOf(error: unknown): unknown {
  let cause = error
  while (cause instanceof Error && cause.cause instanceof Error) {
    cause = cause.cause
  }
  return cause
}

describe('preview of a set-up', () => {
  it.each([
    ['cannot be reached', () => Promise.reject(failure('crm_unreachable', { retryable: true }))],
    ['asks to wait', () => Promise.reject(failure('crm_rate_limited', { retryable: true }))],
    ['does not answer', hang],
  ])(
    'reports within a minute a CRM that %s',
    async (what, previewSetupStep) => {
      workflows.world({ previewSetupStep })
      const { result, tookMs } = await preview()
      const type = what === 'asks to wait' ? 'crm_rate_limited' : 'crm_unreachable'
      expect(causeOf(result)).toMatchObject({ type, message: expect.any(String) })
      expect(tookMs).toBeLessThan(60_000)
    },
    90_000,
  )

  it('reports immediately a key that eMarketeer refuses', async () => {
    const world = workflows.world({
      previewSetupStep: () =>
        Promise.reject(failure('emarketeer_auth_failed', { retryable: false })),
    })
    const { result } = await preview()
    expect(causeOf(result)).toMatchObject({ type: 'emarketeer_auth_failed' })
    expect(world.inputs('previewSetupStep')).toHaveLength(1)
  })

  it.each(['authFailed', 'tenantUnavailable'] as const)(
    'looks no further where a step would wait because of %s',
    async (code) => {
      const world = workflows.world({
        previewSetupStep: async ({ stepId: id }) => ({
          id,
          title: id,
          state: 'pauses',
          changes: [],
          pause: { code, message: 'm', choices: ['retry', 'abort'], seen: {} },
          note: null,
        }),
      })
      const { steps } = (await preview()).result as SetupPreview
      expect(steps.map(({ id }) => id)).toEqual(SETUP_STEPS.map(({ id }) => id))
      expect(steps.map(({ state }) => state)).toEqual([
        'pauses',
        ...SETUP_STEPS.slice(1).map(() => 'skipped'),
      ])
      expect(steps[1]?.note).toBe(`not looked at, because of ${code} at the step connect`)
      expect(world.inputs('previewSetupStep')).toHaveLength(1)
    },
  )
})
