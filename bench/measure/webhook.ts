import { stat } from 'node:fs/promises'
import { replay } from '../bare/replay.js'
import type { Repetition, Run } from '../figures.js'
import { awaitRequest, readRequests } from '../record/request-log.js'
import { dynamicsPlace } from '../world/dynamics-place.js'
import { type OpenedWorld, openWorld } from '../world/open-world.js'
import { quiet } from './quiet.js'
import { delay, everyNth, LATENCY_MS } from './sendout.js'

/** So many are withdrawn in each repetition, one after the other. */
const CHANGES = 20

/** From a withdrawal in the CRM to eMarketeer's having answered the write, against the same requests sent again. */
export async function* measureWebhooks(run: Run): AsyncGenerator<Repetition> {
  const opened = await openWorld(dynamicsPlace, run.size, false, run.note, { withWebhooks: true })
  const { truth } = opened
  try {
    for (let n = 0; n < run.repetitions; n += 1) {
      const emails = everyNth(await truth.mailable(), CHANGES)
      const [ours, bare]: [number[], number[]] = [[], []]
      for (const email of emails) {
        const change = await measureChange(opened, email)
        ours.push(change.ms)
        bare.push(change.bareMs)
      }
      await delay(opened.world, 0)
      const mailable = new Set(await truth.mailableInEmarketeer())
      const [late, alone] = [p95(ours), p95(bare)]
      run.note(`  p95 ${Math.round(late)} ms beside ${Math.round(alone)} ms bare`)
      yield {
        values: [late / alone],
        wrongOrMissing: emails.filter((email) => mailable.has(email)).length,
      }
    }
  } finally {
    await opened.stop()
  }
}

async function measureChange({ world, deny }: OpenedWorld, email: string) {
  await quiet(world)
  await delay(world, LATENCY_MS)
  const { size } = await stat(world.logs.emarketeer)
  const fromMs = Date.now()
  await deny(email)
  const written = await awaitRequest(
    world.logs.emarketeer,
    size,
    ({ url, status }) => url.endsWith('/states/write') && status < 300,
  )
  await quiet(world)
  const [crm, emarketeer] = await Promise.all([
    readRequests(world.logs.crm, fromMs, written.startedMs),
    readRequests(world.logs.emarketeer, fromMs, written.startedMs),
  ])
  const bare = await replay([...crm, ...emarketeer].sort((a, b) => a.startedMs - b.startedMs))
  return { ms: written.endedMs - fromMs, bareMs: bare.ms }
}

function p95(all: readonly number[]): number {
  return [...all].sort((a, b) => a - b)[Math.ceil(all.length * 0.95) - 1]!
}
