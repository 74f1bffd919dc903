import { startSweepRun } from '../../src/app/sweep-now.js'
import { startOrJoin } from '../../src/client/start-or-join.js'
import { PRIORITY, QUEUES, workflowIds } from '../../src/contracts/names.js'
import type { Repetition, Run } from '../figures.js'
import { readRequests } from '../record/request-log.js'
import { dynamicsPlace } from '../world/dynamics-place.js'
import { type OpenedWorld, openWorld } from '../world/open-world.js'
import { PHASES } from './phases.js'
import { quiet } from './quiet.js'
import { delay, everyNth, LATENCY_MS, type Measured, measureSendout } from './sendout.js'

/** Changed before each sweep; with few people, a tenth of the smaller world. */
const CHANGES = 100

/** Ours that wait when the sendout begins. */
const BEHIND = 500

/** A sweep after the same number of changes, in a world and in one with a hundredth of the people; both are open at once. */
export async function* compareSweeps(run: Run): AsyncGenerator<Repetition> {
  const small = Math.max(100, Math.ceil(run.size / 100))
  const changes = Math.min(CHANGES, Math.floor(small / 10))
  const few = await openWorld(dynamicsPlace, small, false, run.note)
  try {
    const many = await openWorld(dynamicsPlace, run.size, false, run.note)
    try {
      for (let n = 0; n < run.repetitions; n += 1) {
        const one = await measureSweep(few, changes)
        const other = await measureSweep(many, changes)
        const inWords = (sweep: Sweep) => `${sweep.ms} ms for ${sweep.requests} requests`
        run.note(`  ${inWords(other)} beside ${inWords(one)}`)
        yield {
          values: [other.requests / one.requests, other.ms / one.ms],
          wrongOrMissing: one.missed + other.missed,
        }
      }
    } finally {
      await many.stop()
    }
  } finally {
    await few.stop()
  }
}

interface Sweep {
  readonly ms: number
  readonly requests: number
  /** Changed in the CRM, and still on Yes in eMarketeer. */
  readonly missed: number
}

async function measureSweep(opened: OpenedWorld, changes: number): Promise<Sweep> {
  const { world, truth, client } = opened
  const { connectionId } = world
  const emails = everyNth(await truth.mailable(), changes)
  for (const email of emails) {
    await opened.deny(email)
  }
  await quiet(world)
  await delay(world, LATENCY_MS)
  const fromMs = Date.now()
  const { handle } = await startSweepRun(client, connectionId, 'Sweep of the bench')
  await handle.result()
  const toMs = Date.now()
  await delay(world, 0)
  const [crm, emarketeer] = await Promise.all([
    readRequests(world.logs.crm, fromMs, toMs),
    readRequests(world.logs.emarketeer, fromMs, toMs),
  ])
  const mailable = new Set(await truth.mailableInEmarketeer())
  return {
    ms: toMs - fromMs,
    requests: crm.length + emarketeer.length,
    missed: emails.filter((email) => mailable.has(email)).length,
  }
}

/** A sendout while {@link BEHIND} resyncs of one address each wait on the sweeps' queue, against one alone in the same world. */
export async function* measureBehindSweeps(run: Run): AsyncGenerator<Repetition> {
  const opened = await openWorld(dynamicsPlace, run.size, false, run.note)
  const sendout = (sendoutId: string, behind?: () => Promise<unknown>) =>
    measureSendout(opened, {
      sendoutId,
      changed: 0,
      bare: () => Promise.resolve({ ms: NaN, cpuMs: NaN }),
      profileTo: run.profileTo,
      ...(behind ? { behind } : {}),
    })
  try {
    for (let n = 1; n <= run.repetitions; n += 1) {
      const alone = await sendout(`snd_${n}_alone`)
      const behind = await sendout(`snd_${n}_behind`, () => startResyncs(opened, n))
      const timed = ({ preSendMs, phasesMs, result, load }: Measured) =>
        `${preSendMs} ms (${PHASES.map((phase) => `${phase} ${phasesMs[phase] ?? '?'}`).join(', ')}; ` +
        `requests CRM ${result.requests.crm}, eMarketeer ${result.requests.emarketeer}; load ${load})`
      run.note(`  ${timed(behind)} behind ${BEHIND} resyncs, ${timed(alone)} alone`)
      yield {
        values: [behind.preSendMs / alone.preSendMs],
        wrongOrMissing: [alone, behind].reduce(
          (sum, { wrong, missing, result }) => sum + wrong + missing + (result.complete ? 0 : 1),
          0,
        ),
      }
    }
  } finally {
    await opened.stop()
  }
}

/** The ledger counts addresses from 1. */
async function startResyncs({ world, client, emails }: OpenedWorld, n: number): Promise<void> {
  const { connectionId } = world
  const starts = Array.from({ length: BEHIND }, (_, at) =>
    startOrJoin(client, {
      type: 'resync',
      workflowId: workflowIds.resync(connectionId, `bench-${n}-${at}`),
      queue: QUEUES.sweep,
      input: { connectionId, addressIds: [1 + (at % emails.length)] },
      priorityKey: PRIORITY.sweep,
      connectionId,
      summary: 'Resync of the bench',
    }),
  )
  await Promise.all(starts)
}
