import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { WorkflowHandle } from '@temporalio/client'
import proto from '@temporalio/proto'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { QUEUES, type QueueName } from '../../src/contracts/names.js'
import { temporalCli } from '../../dev/embedded/temporal-programs.js'
import type { SweepStatus } from '../../src/workflows/sweep.js'
import { readDeployment } from '../../src/workers/deployment.js'
import { endStranded, useRelease } from '../../src/workers/watch-release.js'
import { runIdsOf } from '../replay/run-ids.js'
import { provisionTimeoutMs } from '../support/ask-broker.js'
import { withTemporal } from '../support/with-temporal.js'
import { workflowBundle } from '../support/workflow-bundle.js'
import { startBuild, temporalClientOf, type BuildWorkers } from './support/build-workers.js'
import { hang, report } from './support/default-activities.js'
import type { Activities } from './support/activity-types.js'
import { bundleOfChanged } from './support/changed-bundle.js'
import { override, pausedWith, untilStatus } from './support/setup-runs.js'

// Tasks that do not fit are expected to fail, and the core reports each.
Runtime.install({
  logger: new DefaultLogger('ERROR', () => {}),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
})

const run = promisify(execFile)
const connectionId = 'acme-dynamics'
const { WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND: UNHANDLED_COMMAND } =
  proto.temporal.api.enums.v1.WorkflowTaskFailedCause
const PRE_SEND = 'workflows/pre-send/index.ts'
const CHECK = '  await inTime(state, () => check(state))\n'
const START = '  await state.untilStart()\n'
const IMPORTS = "} from '@temporalio/workflow'\n"

/**
 * Three builds of the same sources: unchanged; with one more step of a pre-send, marked as the documents require; and
 * with one more step that is not marked. In progress while builds change: set-ups that wait for a person, pre-sends
 * that wait for their time, a cron with its sweep, an inbox.
 */
describe('builds that take over from one another', () => {
  const running: BuildWorkers[] = []
  // Hooks of the end run in this order: workers first, then their connection.
  afterAll(async () => {
    await Promise.all(running.map((build) => build.stop()))
  })
  const temporal = withTemporal()
  let today: string
  let patched: string
  let unmarked: string
  let a: BuildWorkers
  let b: BuildWorkers
  let endHang: () => void = () => {}
  const letGo = new Promise<void>((resolve) => (endHang = resolve))

  beforeAll(async () => {
    today = await readFile((await workflowBundle()).codePath, 'utf8')
    const checkAgain = `  if (patched('checksAgain')) {\n  ${CHECK}  }\n`
    patched = await bundleOfChanged(PRE_SEND, {
      [IMPORTS]: `  patched,\n${IMPORTS}`,
      [START]: `${START}${checkAgain}`,
    })
    unmarked = await bundleOfChanged(PRE_SEND, { [CHECK]: `${CHECK}${CHECK}` })
  }, provisionTimeoutMs)

  async function start(buildId: string, code: string, activities: Partial<Activities> = {}) {
    const build = await startBuild(temporal, buildId, code, { ...asking(), ...activities })
    running.push(build)
    return build
  }
  async function stop(build: BuildWorkers) {
    running.splice(running.indexOf(build), 1)
    await build.stop()
  }
  const handle = (workflowId: string) => temporal.client.workflow.getHandle(workflowId)
  const startSetup = async (id: string) => {
    const options = {
      workflowId: `setup/${id}`,
      taskQueue: QUEUES.setup,
      args: [{ connectionId: id }],
    }
    const setup = await temporal.client.workflow.start('dynamicsSetup', options)
    await untilStatus(setup, ({ phase }) => phase === 'paused')
  }
  const startPreSend = async (sendoutId: string, startAt?: string) => {
    const audience = { campaignId: '501', componentId: '9001', stage: 'send' }
    const args = [{ connectionId, sendoutId, ...audience, ...(startAt ? { startAt } : {}) }]
    const options = { workflowId: `pre-send/${sendoutId}/send`, taskQueue: QUEUES.preSend, args }
    await temporal.client.workflow.start('preSend', options)
  }
  const startNow = (sendoutId: string) =>
    handle(`pre-send/${sendoutId}/send`).executeUpdate('reschedule', {
      args: [{ startAt: new Date(Date.now() + 500).toISOString() }],
    })
  const hint = () =>
    temporal.client.workflow.signalWithStart('contactInbox', {
      workflowId: `inbox/${connectionId}/0`,
      taskQueue: QUEUES.webhook,
      args: [{ connectionId, shard: 0 }],
      signal: 'changed',
      signalArgs: [],
    })

  it('the first takes over immediately', async () => {
    a = await start('a', today, { syncDue: whileSweeping(untilLetGo) })
    await a.releaseState('current')
    await startSetup('going-forward')
    await startSetup('going-back')
    for (const id of ['forward', 'back', 'reset', 'unmarked']) {
      await startPreSend(id, '2099-01-01T08:00:00Z')
    }
    await a.world.called('checkPreSend', 4)
    await temporal.client.workflow.start('backgroundSweep', {
      workflowId: `sweep/${connectionId}`,
      taskQueue: QUEUES.sweep,
      args: [{ connectionId }],
      cronSchedule: '@every 2s',
    })
    await a.world.called('syncDue')
    await hint()
    await a.world.called('drainInbox')
  }, 120_000)

  it('one that does not fit what runs does not take over by itself, and not by an operator unasked', async () => {
    const c = await start('c', unmarked)
    await c.releaseState('waiting')
    const refused = useRelease(c.release, false)
    await expect(refused).rejects.toMatchObject({ code: 'release_misfit' })
    await expect(refused).rejects.toThrow('pre-send/forward/send')
    expect(await current()).toBe('a')
    await stop(c)
    expect(c.world.calls).toEqual([])
  }, 120_000)

  it('one that fits takes over, and what waits goes along', async () => {
    b = await start('b', patched, { syncDue: whileSweeping(hang), proveFreshness: hang })
    await b.releaseState('current')
    await hint()
    await b.world.called('drainInbox')
    await handle('setup/going-forward').signal('override', override('tables', 'skip'))
    await handle('setup/going-forward').result()
    await startNow('forward')
    // The step that is new in this build.
    await b.world.called('checkPreSend')
    await b.world.called('proveFreshness')
    await handle('pre-send/forward/send').executeUpdate('abort', {
      args: [{ reason: 'Withdrawn', by: 'support' }],
    })
    expect(await handle('pre-send/forward/send').result()).toMatchObject({ outcome: 'aborted' })
  }, 120_000)

  it('a sweep stays with the build on which it began; the next one is of the new', async () => {
    const sweepRun = handle(`sweep/${connectionId}/run`)
    expect(await buildOf(sweepRun)).toBe('a')
    endHang()
    await until(async () => (await buildOf(sweepRun)) === 'b')
    // It ended on the build where it began: with its inboxes drained.
    expect(a.world.inputs('tidyUp')).toHaveLength(1)
    await b.world.called('catchUpBoth')
  }, 120_000)

  it('an earlier one waits until it is chosen, and the error names what does not fit it', async () => {
    await startNow('reset')
    await b.world.called('proveFreshness', 2)
    const refused = useRelease(a.release, false)
    await expect(refused).rejects.toThrow(
      '1 running workflows do not fit build a: pre-send/reset/send.',
    )
    expect(await useRelease(a.release, true)).toEqual(['pre-send/reset/send'])
    expect(await current()).toBe('a')
  }, 120_000)

  it('what fits goes back, and ends rightly', async () => {
    const before = a.world.inputs('drainInbox').length
    await hint()
    await a.world.called('drainInbox', before + 1)
    await handle('setup/going-back').signal('override', override('tables', 'skip'))
    await handle('setup/going-back').result()
    await startNow('back')
    expect(await handle('pre-send/back/send').result()).toMatchObject({ outcome: 'decided' })
    expect(a.world.inputs('checkPreSend')).toHaveLength(4)
  }, 120_000)

  it('what does not fit fails its task, and goes on once it is reset to before the build', async () => {
    // The next event makes its task fail.
    await handle('pre-send/reset/send').signal('comes-next')
    await until(async () => {
      const { raw } = await handle('pre-send/reset/send').describe()
      return (raw.pendingWorkflowTask?.attempt ?? 0) > 1
    })
    await resetBefore('b', 'pre-send/reset/send')
    expect(await handle('pre-send/reset/send').result()).toMatchObject({ outcome: 'decided' })
  }, 120_000)

  it('a sweep whose build is gone is ended, and the cron goes on', async () => {
    const all = new Set(Object.values(QUEUES))
    const others = new Set(all)
    others.delete(QUEUES.sweep)
    const ended = (b: ReadonlySet<QueueName>) =>
      endStranded(temporal.client, 'a', new Map(Object.entries({ a: all, b })))
    expect(await ended(all)).toEqual([])
    await stop(b)
    // Its build continues on other queues, but no worker is left for this one.
    expect(await ended(others)).toEqual([`sweep/${connectionId}/run`])
    const cron = handle(`sweep/${connectionId}`)
    await until(async () => (await cron.query<SweepStatus>('status')).phase === 'failed')
    const before = a.world.inputs('catchUpBoth').length
    await cron.cancel()
    await a.world.called('catchUpBoth', before + 1)
  }, 120_000)

  it('left no task that failed but those of the one that did not fit', async () => {
    const failing = new Set<string>()
    for await (const { workflowId, runId } of temporal.client.workflow.list()) {
      const { events } = await temporal.client.workflow.getHandle(workflowId, runId).fetchHistory()
      for (const { workflowTaskFailedEventAttributes: failed } of events ?? []) {
        // A reset ends the task at which it begins again; a message that arrives while a workflow ends makes its last
        // task run again.
        if (failed && !failed.newRunId && failed.cause !== UNHANDLED_COMMAND) {
          failing.add(workflowId)
        }
      }
    }
    expect([...failing]).toEqual(['pre-send/reset/send'])
    expect((await runIdsOf(temporal.client, `sweep/${connectionId}/run`)).length).toBeGreaterThan(2)
  }, 120_000)

  async function current() {
    return (await readDeployment(temporalClientOf(temporal)))!.current
  }
  async function buildOf(workflow: WorkflowHandle) {
    const { raw } = await workflow.describe()
    return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId
  }
  async function until(holds: () => Promise<boolean>) {
    while (!(await holds())) {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  /** According to the runbook. */
  async function resetBefore(buildId: string, workflowId: string) {
    const options = [
      ...['workflow', 'reset', '--query', `WorkflowId="${workflowId}"`, '--yes'],
      ...['--type', 'BuildId', '--build-id', buildId, '--reason', 'Its build was taken back'],
      ...['--address', temporal.address, '--namespace', temporal.namespace],
    ]
    const { runId } = await handle(workflowId).describe()
    await run(await temporalCli(), options)
    await until(async () => (await handle(workflowId).describe()).runId !== runId)
  }
  async function untilLetGo(): ReturnType<Activities['syncDue']> {
    const { Context } = await import('@temporalio/activity')
    const beat = setInterval(() => Context.current().heartbeat(), 1_000)
    await letGo
    clearInterval(beat)
    return { ...report(1), next: null }
  }
})

function asking(): Partial<Activities> {
  return {
    runSetupStep: async ({ stepId, choice }) =>
      stepId === 'tables' && choice?.action !== 'skip'
        ? pausedWith('formUncertain', ['retry', 'useForm', 'skip', 'abort'])
        : { state: 'done', note: null },
  }
}

/** Does work during a sweep; set-up's first sync finds nothing to do. */
function whileSweeping(work: () => ReturnType<Activities['syncDue']>): Activities['syncDue'] {
  return ({ tier }) => (tier === 'sweep' ? work() : Promise.resolve({ ...report(), next: null }))
}
