import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Client, Connection } from '@temporalio/client'
import { NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { startTemporalServer } from '../../dev/embedded/temporal-server.js'
import { ISOLATE_TIME } from '../../src/workers/run-workers.js'
import { bundleWorkflows } from '../../src/workers/bundle-workflows.js'
import { delegatingActivities } from '../workflows/support/delegating-activities.js'
import { FakeWorld } from '../workflows/support/fake-world.js'
import { readableHistory } from './readable-history.js'
import { runIdsOf } from './run-ids.js'
import type { Scenario } from './scenario.js'
import { SCENARIOS } from './scenarios.js'

const silent = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} }
/** Low, so that runs that continue as new do so after a short history. */
const SUGGESTED_FROM = 100
const histories = fileURLToPath(new URL('histories/', import.meta.url))

/**
 * Runs scenarios on a development server, and stores the histories in test/replay/histories, one file per run. Removes
 * earlier histories of the same scenarios. The others stay, as runs with which a later release has to continue.
 *
 * @param prefixes only scenarios whose name begins with one of them.
 * @returns names of the files written.
 */
export async function recordHistories(prefixes: readonly string[]): Promise<string[]> {
  const chosen = Object.entries(SCENARIOS).filter(([name]) =>
    prefixes.some((prefix) => name.startsWith(prefix)),
  )
  Runtime.install({ logger: silent })
  const settings = [`limit.historyCount.suggestContinueAsNew=${SUGGESTED_FROM}`]
  const server = await startTemporalServer({ settings })
  const connection = await Connection.connect({ address: server.address })
  const native = await NativeConnection.connect({ address: server.address })
  try {
    const client = new Client({ connection })
    const bundle = { code: await bundleWorkflows() }
    await mkdir(histories, { recursive: true })
    for (const file of await readdir(histories)) {
      if (chosen.some(([name]) => file.startsWith(`${name}.`))) {
        await rm(`${histories}${file}`)
      }
    }
    const recorded = chosen.map(([name, scenario]) =>
      recordOne(name, scenario, { client, native, bundle }),
    )
    // All of them end before anything is closed, even if one fails.
    await Promise.allSettled(recorded)
    return (await Promise.all(recorded)).flat()
  } finally {
    await native.close()
    await connection.close()
    await server.stop()
  }
}

interface Means {
  readonly client: Client
  readonly native: NativeConnection
  readonly bundle: { readonly code: string }
}

async function recordOne(
  name: string,
  scenario: Scenario,
  { client, native, bundle }: Means,
): Promise<string[]> {
  const world = new FakeWorld(scenario.activities)
  const worker = await Worker.create({
    ...ISOLATE_TIME,
    connection: native,
    taskQueue: name,
    workflowBundle: bundle,
    activities: delegatingActivities(() => world),
    maxHeartbeatThrottleInterval: '100 milliseconds',
    defaultHeartbeatThrottleInterval: '100 milliseconds',
  })
  const files: string[] = []
  await worker.runUntil(async () => {
    for (const workflowId of await scenario.run(client, world, name)) {
      for (const [index, runId] of (await runIdsOf(client, workflowId)).entries()) {
        const history = await client.workflow.getHandle(workflowId, runId).fetchHistory()
        const type =
          history.events![0]!.workflowExecutionStartedEventAttributes!.workflowType!.name!
        const file = `${name}.${type}.${index + 1}.json`
        await writeFile(`${histories}${file}`, readableHistory(history))
        files.push(file)
      }
    }
  })
  return files
}
