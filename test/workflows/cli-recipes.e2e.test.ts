import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { QUEUES } from '../../src/contracts/names.js'
import { temporalCli } from '../../src/embedded/temporal-cli.js'
import { provisionTimeoutMs } from '../support/ask-broker.js'
import { withTemporal } from '../support/with-temporal.js'
import { workflowBundle } from '../support/workflow-bundle.js'
import { delegatingActivities } from './support/delegating-activities.js'
import { recipesOf } from './support/doc-recipes.js'
import { FakeSendouts } from './support/fake-sendouts.js'
import { FakeWorld } from './support/fake-world.js'
import { tracesOfPeople } from './support/traces-of-people.js'

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
})

const run = promisify(execFile)
const recipes = await recipesOf(
  fileURLToPath(new URL('../../docs/temporal-cli.md', import.meta.url)),
)

describe('recipes of docs/temporal-cli.md', () => {
  let workers: Worker[] = []
  let running: Promise<unknown>
  // Hooks of the end run in this order: workers first, then their connection.
  afterAll(async () => {
    workers.forEach((worker) => worker.shutdown())
    await running
  })
  const temporal = withTemporal()
  const world = new FakeWorld(new FakeSendouts({ targeted: 10 }).activities())
  let environment: NodeJS.ProcessEnv

  const shell = (command: string) => run('/bin/sh', ['-c', command], { env: environment })

  beforeAll(async () => {
    const { codePath } = await workflowBundle()
    workers = await Promise.all(
      Object.values(QUEUES).map((taskQueue) =>
        Worker.create({
          connection: temporal.nativeConnection,
          namespace: temporal.namespace,
          taskQueue,
          workflowBundle: { codePath },
          activities: delegatingActivities(() => world),
        }),
      ),
    )
    running = Promise.all(workers.map((worker) => worker.run()))
    environment = {
      PATH: `${dirname(await temporalCli())}:${process.env['PATH']}`,
      HOME: process.env['HOME'],
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
    }
  }, provisionTimeoutMs)

  it('are there of every workflow that is started by somebody, and every message', () => {
    const all = recipes.map(({ command }) => command).join('\n')
    const types = [
      'dynamicsSetup',
      'preSend',
      'sweepRun',
      'backgroundSweep',
      'contactInbox',
      'resync',
    ]
    for (const type of types) {
      expect(all).toContain(`--type ${type} `)
    }
    for (const message of [
      '--name abort',
      '--name reschedule',
      '--type status',
      '--name changed',
    ]) {
      expect(all).toContain(message)
    }
  })

  it.each(recipes)('$section: $command', async ({ command, expected }) => {
    const { stdout } = await shell(command)
    for (const text of expected) {
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(text)
    }
  })

  it('refuse an abort without a reason, and say why', async () => {
    await shell(
      `temporal workflow start --type preSend --task-queue pre-send --workflow-id refusing --input ` +
        `'{"sendoutId":"snd_80","stage":"send","startAt":"2099-01-01T08:00:00Z"}'`,
    )
    const refused = shell(
      `temporal workflow update execute --workflow-id refusing --name abort --input '{"by":"support"}'`,
    )
    await expect(refused).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('An abort needs a reason and a name'),
    })
    await shell('temporal workflow cancel --workflow-id refusing')
  })

  it('leave nobody in any history', async () => {
    let histories = 0
    for await (const { workflowId, runId } of temporal.client.workflow.list()) {
      const { stdout } = await shell(
        `temporal workflow show --workflow-id ${workflowId} --run-id ${runId} --output json`,
      )
      expect([workflowId, ...tracesOfPeople(stdout)]).toEqual([workflowId])
      histories += 1
    }
    expect(histories).toBeGreaterThan(8)
  })
})
