import { readAll } from './bare/read-all.js'
import { readOneByOne } from './bare/one-by-one.js'
import { replay } from './bare/replay.js'
import { cpuInWords } from './measure/cpu-account.js'
import { PHASES } from './measure/phases.js'
import { measureFirstSyncs } from './measure/first-sync.js'
import { compareIdleWorkers } from './measure/idle-workers.js'
import { readLists } from './measure/list.js'
import { measureSendout, type Measured } from './measure/sendout.js'
import { compareSweeps, measureBehindSweeps } from './measure/sweeps.js'
import { measureWebhooks } from './measure/webhook.js'
import type { CrmPlace } from './world/crm-place.js'
import { dynamicsPlace } from './world/dynamics-place.js'
import { type OpenedWorld, openWorld } from './world/open-world.js'
import { onlinePlace, onsitePlace } from './world/superoffice-place.js'

/** Options of a measurement. */
export interface Run {
  /** People in each system. */
  readonly size: number
  readonly repetitions: number
  /** Folder for profiles; null: none. */
  readonly profileTo: string | null
  readonly note: (line: string) => void
}

/** A line of the table. A value is a ratio, or a count. */
export interface Row {
  readonly title: string
  /** Upper limit, unless the row has `atLeast`. */
  readonly required: number
  readonly atLeast?: true
  readonly aim?: number
}

/** One repetition. */
export interface Repetition {
  /** In the order of the figure's rows; NaN if this machine cannot measure it. */
  readonly values: readonly number[]
  /** People on a list who may not be mailed, plus people missing from it who may. */
  readonly wrongOrMissing: number
}

/** Rows that are measured together. */
export interface Figure {
  /** People in each system, unless the command sets another number. */
  readonly size: number
  readonly rows: readonly Row[]
  measure(run: Run): AsyncGenerator<Repetition>
}

/** Every figure, by the name for `--only`. docs/performance.md explains them. */
export const FIGURES: Readonly<Record<string, Figure>> = {
  'pre-send-known': {
    size: 100_000,
    rows: knownRows('Dynamics pre-send, nothing changed / reading all'),
    measure: (run) => sendouts(run, dynamicsPlace, againstReadAll, {}),
  },
  'pre-send-changed': {
    size: 100_000,
    rows: knownRows('Dynamics pre-send, 200 changed / reading all'),
    measure: (run) => sendouts(run, dynamicsPlace, againstReadAll, { changed: 200 }),
  },
  'pre-send-first': {
    size: 100_000,
    rows: [
      {
        title: 'Dynamics, first pre-send after a first sync / reading all',
        required: 1.5,
        aim: 0.8,
      },
    ],
    async *measure(run) {
      for (let n = 0; n < run.repetitions; n += 1) {
        yield* sendouts({ ...run, repetitions: 1 }, dynamicsPlace, againstReadAll, {})
      }
    },
  },
  'pre-send-unknown': {
    size: 100_000,
    rows: [
      {
        title: 'Dynamics pre-send, nothing known (cursor lost) / reading all',
        required: 2,
        aim: 1.2,
      },
      { title: 'its requests to the CRM', required: 210 },
      { title: "its requests to eMarketeer beyond the audience's pages", required: 12 },
    ],
    measure: (run) =>
      sendouts(run, dynamicsPlace, againstReadAll, {
        before: ({ world }) => world.crm.post('switches', { expireDeltas: true }),
      }),
  },
  'pre-send-2000': {
    size: 2_000,
    rows: [
      { title: 'Dynamics pre-send, nothing changed / the same requests', required: 5, aim: 3 },
    ],
    measure: (run) => sendouts(run, dynamicsPlace, againstSameRequests, {}),
  },
  'superoffice-direct': {
    size: 10_000,
    rows: [
      { title: 'SuperOffice pre-send, direct proof / the same requests', required: 1.5, aim: 1.2 },
    ],
    measure: (run) => sendouts(run, onlinePlace, againstSameRequests, {}),
  },
  'superoffice-onsite': {
    size: 10_000,
    rows: [
      { title: 'SuperOffice on site, direct proof / the same requests', required: 1.5, aim: 1.2 },
    ],
    measure: (run) => sendouts(run, onsitePlace(false), againstSameRequests, {}),
  },
  'one-by-one': {
    size: 100_000,
    rows: [
      {
        title: 'a loop with `dynamics-web-api`, one contact a call / Dynamics pre-send',
        required: 50,
        aim: 200,
        atLeast: true,
      },
    ],
    async *measure(run) {
      const bare: Bare = (opened) => readOneByOne(opened, run.note)
      for await (const { values, wrongOrMissing } of sendouts(run, dynamicsPlace, bare, {})) {
        yield { values: [1 / values[0]!], wrongOrMissing }
      }
    },
  },
  'list-read': {
    size: 100_000,
    rows: [
      {
        title: 'a list read to its end / the same bytes from a static server',
        required: 4,
        aim: 2,
      },
    ],
    measure: readLists,
  },
  'worker-idle': {
    size: 100,
    rows: [
      {
        title: "an idle worker's memory / one of the same SDK with an empty workflow",
        required: 2,
      },
    ],
    measure: compareIdleWorkers,
  },
  'ten-times': {
    size: 1_000_000,
    rows: [
      {
        title: 'Dynamics pre-send, nothing changed / the same with a tenth of the people',
        required: 11,
        aim: 10,
      },
      { title: "the worker's peak memory / the same", required: 1.2, aim: 1.05 },
    ],
    measure: compareSizes,
  },
  sweep: {
    size: 1_000_000,
    rows: [
      {
        title: 'requests of a Dynamics sweep after 100 changes / with a hundredth of the people',
        required: 1,
      },
      { title: 'its time / the same', required: 1.2 },
    ],
    measure: compareSweeps,
  },
  webhook: {
    size: 10_000,
    rows: [
      {
        title: 'p95 from a withdrawal in Dynamics to its being written / the same requests',
        required: 5,
        aim: 3,
      },
    ],
    measure: measureWebhooks,
  },
  'first-sync': {
    size: 100_000,
    rows: [
      {
        title: 'Dynamics set-up and first sync, 3 categories / the same requests',
        required: 2,
        aim: 1.3,
      },
    ],
    measure: measureFirstSyncs,
  },
  'behind-sweeps': {
    size: 10_000,
    rows: [
      {
        title: 'Dynamics pre-send behind 500 resyncs on the sweep queue / alone',
        required: 1.5,
      },
    ],
    measure: measureBehindSweeps,
  },
}

/** Rows of a sendout to people whom the copy knows. */
function knownRows(title: string): readonly Row[] {
  return [
    { title, required: 1.5, aim: 0.8 },
    { title: 'its requests to the CRM', required: 10 },
    { title: "its requests to eMarketeer beyond the audience's pages", required: 12 },
    { title: "the worker's CPU / the bare script's", required: 2 },
  ]
}

/** Each repetition measures two worlds, one after the other. */
async function* compareSizes(run: Run): AsyncGenerator<Repetition> {
  const one = async (size: number) => {
    const alone = { ...run, size, repetitions: 1 }
    for await (const found of sendouts(alone, dynamicsPlace, againstReadAll, {})) {
      return found
    }
    throw new Error('no sendout')
  }
  for (let n = 0; n < run.repetitions; n += 1) {
    const few = await one(Math.ceil(run.size / 10))
    const many = await one(run.size)
    yield {
      values: [many.ms / few.ms, many.peak / few.peak],
      wrongOrMissing: few.wrongOrMissing + many.wrongOrMissing,
    }
  }
}

type Bare = (
  opened: OpenedWorld,
  sendoutId: string,
  recorded: Parameters<typeof replay>[0],
) => Promise<{ readonly ms: number; readonly cpuMs: number }>

const againstReadAll: Bare = ({ world, emails }, sendoutId) =>
  readAll(world, emails, `bare_${sendoutId}`)

const againstSameRequests: Bare = ({ world }, _, recorded) =>
  replay(recorded, world.caPem ?? undefined)

interface Sendout extends Repetition {
  readonly ms: number
  readonly peak: number
}

/** Sendouts to everybody, one after the other, in one world. */
async function* sendouts(
  run: Run,
  place: CrmPlace,
  bare: Bare,
  {
    changed = 0,
    before,
  }: {
    /** Number of people who are withdrawn in the CRM before each sendout; at most a hundredth of all. */
    readonly changed?: number
    /** Runs before each sendout. */
    readonly before?: (opened: OpenedWorld) => Promise<unknown>
  },
): AsyncGenerator<Sendout> {
  const opened = await openWorld(place, run.size, run.profileTo !== null, run.note)
  try {
    for (let n = 1; n <= run.repetitions; n += 1) {
      await before?.(opened)
      const sendoutId = `snd_${n}`
      const measured = await measureSendout(opened, {
        sendoutId,
        changed: Math.min(changed, Math.floor(run.size / 100)),
        bare: (recorded) => bare(opened, sendoutId, recorded),
        profileTo: run.profileTo,
      })
      run.note(inWords(measured))
      yield repetitionOf(measured)
    }
  } finally {
    await opened.stop()
  }
}

/** Values in the order of all sendout rows; a figure with fewer rows omits the last ones. */
function repetitionOf(measured: Measured): Sendout {
  const { requests } = measured.result
  const pages = Object.entries(measured.byKind)
    .filter(([kind]) => /audiences\/[^/]+\/contacts$/.test(kind))
    .reduce((sum, [, count]) => sum + count, 0)
  return {
    values: [
      measured.ratio,
      requests.crm,
      requests.emarketeer - pages,
      (measured.workerCpuMs ?? NaN) / measured.bareCpuMs,
    ],
    ms: measured.preSendMs,
    peak: measured.workerPeakMegabytes ?? NaN,
    wrongOrMissing: measured.wrong + measured.missing + (measured.result.complete ? 0 : 1),
  }
}

function inWords(measured: Measured): string {
  const phases = PHASES.map((phase) => `${phase} ${measured.phasesMs[phase] ?? '?'}`).join(', ')
  const { crm, emarketeer } = measured.result.requests
  return (
    `  ${measured.preSendMs} ms (${phases}) beside ${measured.bareMs} ms bare = ${measured.ratio.toFixed(2)}; ` +
    `requests CRM ${crm}, eMarketeer ${emarketeer}; CPU ${measured.workerCpuMs ?? '?'} beside ${measured.bareCpuMs} ms; ` +
    `peak ${measured.workerPeakMegabytes ?? '?'} MB; ${measured.changedMeanwhile} changed meanwhile ` +
    `(${measured.afterProof} in the CRM after the proof), wrong ${measured.wrong}, missing ${measured.missing}; load ${measured.load}` +
    `\n    ${kindsInWords(measured.byKind)}` +
    Object.entries(measured.cpu)
      .map(([part, times]) => `\n    CPU ms, ${part}: ${cpuInWords(times)}`)
      .join('')
  )
}

/** The most frequent kinds come first. */
function kindsInWords(byKind: Measured['byKind']): string {
  const counts = Object.entries(byKind).sort((a, b) => b[1] - a[1])
  return counts.map(([kind, count]) => `${count} × ${kind}`).join(', ')
}
