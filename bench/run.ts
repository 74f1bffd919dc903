import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { createOutput } from '../src/cli/output.js'
import { connectTemporal } from '../src/config/temporal/temporal.js'
import { measureSendout, type Measured } from './measure-sendout.js'
import type { CrmPlace } from './world/crm-place.js'
import { dynamicsPlace } from './world/dynamics-place.js'
import { startWorld } from './world/start-world.js'
import { onlinePlace, onsitePlace } from './world/superoffice-place.js'
import { Truth } from './world/truth.js'

/**
 * Measures sendouts on the whole product: `npm run bench -- [system] [contacts] [--changed 0%,1%]`. A document a sendout
 * on standard output, a line on standard error. Without a system: every one, quickly. docs/benchmarks.md says what the
 * figures mean. Ends with 1 where a list was not what the stand-ins' own state asks for.
 */
const PLACES: Readonly<Record<string, CrmPlace>> = {
  dynamics: dynamicsPlace,
  'superoffice-online': onlinePlace,
  'superoffice-onsite': onsitePlace(false),
  'superoffice-onsite-older': onsitePlace(true),
}

const QUICK_CONTACTS = 1_000

const output = createOutput(process.stdout, process.stderr)
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { changed: { type: 'string', default: '0%,1%' } },
})
const [system, contacts] = positionals
if (system !== undefined && PLACES[system] === undefined) {
  throw new RangeError(`systems: ${Object.keys(PLACES).join(', ')}`)
}
for (const name of system === undefined ? Object.keys(PLACES) : [system]) {
  await measure(name, PLACES[name]!, wholeNumber(contacts ?? String(QUICK_CONTACTS)))
}

async function measure(name: string, place: CrmPlace, count: number): Promise<void> {
  output.note(`${name}, ${count} contacts: starting`)
  const world = await startWorld(place, () => undefined)
  try {
    const truth = new Truth(world, place)
    await truth.seed(count)
    const startedAt = performance.now()
    await apply(world.connectionFile, world.env)
    output.note(`set-up and first sync: ${inSeconds(performance.now() - startedAt)}`)
    await place.loseWebhooks(world.crm)
    const temporal = await connectTemporal({ ...world.env })
    try {
      for (const share of values.changed.split(',')) {
        const changed = Math.round((count * Number.parseFloat(share)) / 100)
        const sendout = { sendoutId: `snd_${share.replace('%', '')}`, changed }
        const measured = await measureSendout({ world, place, truth }, temporal, sendout)
        await tell(name, count, measured)
      }
    } finally {
      await temporal.connection.close()
    }
  } finally {
    await world.stop()
  }
}

async function tell(system: string, contacts: number, measured: Measured): Promise<void> {
  const { requests, changed, preSendMs, bareMs, ratioToBare, workerPeakMegabytes } = measured
  output.note(
    `${system} ${contacts}, ${changed} changed: ${requests.crm.total} + ${requests.emarketeer.total} requests, ` +
      `${inSeconds(preSendMs)} beside ${inSeconds(bareMs)} bare = ${ratioToBare}, ` +
      `${workerPeakMegabytes.after ?? '?'} MB, wrong ${measured.wrong}, missing ${measured.missing}`,
  )
  await output.answer(true, { system, contacts, ...measured }, () => '')
  if (measured.wrong + measured.missing > 0 || !measured.result.complete) {
    process.exitCode = 1
  }
}

/** As a user does it; what it logs is told when it fails. */
async function apply(file: string, env: Readonly<Record<string, string>>): Promise<void> {
  const args = ['bin/lbsync.mjs', 'connection', 'apply', file]
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (log += chunk))
  const [exitCode] = (await once(child, 'close')) as [number | null]
  if (exitCode !== 0) {
    throw new Error(`connection apply ended with ${exitCode}:\n${log}`)
  }
}

function wholeNumber(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 1) {
    throw new RangeError(`not a number of contacts: ${text}`)
  }
  return number
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
