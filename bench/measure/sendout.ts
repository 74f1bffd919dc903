import { loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { DEMO_ACCOUNT } from '../../dev/stack/connection-files.js'
import type { StandInControl } from '../../simulators/common/control-client.js'
import type { TemporalClient } from '../../src/config/temporal/temporal.js'
import { workflowIds } from '../../src/contracts/names.js'
import type { PreSendResult } from '../../src/contracts/pre-send.js'
import { kindOf, readRequests, type RecordedRequest } from '../record/request-log.js'
import type { OpenedWorld } from '../world/open-world.js'
import type { World } from '../world/start-world.js'
import { CAMPAIGN } from '../world/truth.js'
import { type Phase, preSendPhases } from './phases.js'
import { cpuMs, forgetPeak, peakMegabytes } from './process.js'
import { type CpuTimes, startCpuAccount } from './cpu-account.js'
import { startProfile } from './profile.js'
import { quiet } from './quiet.js'

/** Delay of every stand-in's answer, ms: about that of a service nearby. */
export const LATENCY_MS = 20

/** Time after a request's end by which the stand-in has written its line, ms. */
const LOG_WAIT_MS = 300

/** Time between changes while a sendout runs, ms: in turn in eMarketeer and in the CRM. */
const CHANGE_EVERY_MS = 400

/** A measured sendout. Times are of this machine, in this run; only their ratio is meaningful. */
export interface Measured {
  readonly result: PreSendResult
  /** People on the list against the truth, and people missing from it; both must be 0. */
  readonly wrong: number
  readonly missing: number
  /** People who changed while it ran, each to No. */
  readonly changedMeanwhile: number
  /** How many of them may be on the list, because they changed in the CRM after the moment that the result vouches for. */
  readonly afterProof: number
  readonly preSendMs: number
  /** Time of the bare script, run right after it. */
  readonly bareMs: number
  readonly ratio: number
  readonly phasesMs: Readonly<Partial<Record<Phase, number>>>
  /** By the stand-ins' logs. */
  readonly byKind: Readonly<Record<string, number>>
  /** CPU time of the worker's process, and of the bare script; other load on the machine hardly affects it. */
  readonly workerCpuMs: number | null
  readonly bareCpuMs: number
  /** CPU of all processes, in the sendout, in each of its phases, and while the bare script ran. */
  readonly cpu: Readonly<Record<'sendout' | 'bare' | Phase, CpuTimes>>
  /** Peak memory of the worker's process while the sendout ran. */
  readonly workerPeakMegabytes: number | null
  /** The machine's load at the end; if it exceeds the number of cores, all times above are too long. */
  readonly load: number
  readonly histories: Readonly<Record<string, { events: number; kilobytes: number }>>
}

export interface SendoutToMeasure {
  readonly sendoutId: string
  /** Number of people who are withdrawn in the CRM just before, without a webhook. */
  readonly changed: number
  /** Does what a script without a product would do. @param recorded the requests of the sendout, in order. */
  readonly bare: (
    recorded: readonly RecordedRequest[],
  ) => Promise<{ readonly ms: number; readonly cpuMs: number }>
  /** Folder for profiles; null: none. */
  readonly profileTo: string | null
  /** Begins other work of the product's right before. */
  readonly behind?: () => Promise<unknown>
}

/** One sendout to everybody, while people change; then the bare script. */
export async function measureSendout(
  opened: OpenedWorld,
  { sendoutId, changed, bare, profileTo, behind }: SendoutToMeasure,
): Promise<Measured> {
  const { world, truth, client, campaigns } = opened
  for (const email of everyNth(await truth.mailable(), changed)) {
    await opened.deny(email)
  }
  await quiet(world)
  const willChange = everyNth(await truth.mailable(), 400)
  await delay(world, LATENCY_MS)
  await forgetPeak(world.workerPid)
  const endProfile = profileTo === null ? null : await startProfile(world, profileTo, sendoutId)
  await behind?.()
  const endCpuAccount = await startCpuAccount()
  const cpuBefore = await cpuMs(world.workerPid)
  const changes = startChanges(opened, willChange)
  const fromMs = Date.now()
  const startedAt = performance.now()
  const result = await campaigns.preSend({
    connectionId: world.connectionId,
    sendoutId,
    ...CAMPAIGN,
    stage: 'send',
  })
  const preSendMs = performance.now() - startedAt
  const toMs = Date.now()
  const cpuAfter = await cpuMs(world.workerPid)
  const denied = await changes.end()
  const peak = await peakMegabytes(world.workerPid)
  const phases = await preSendPhases(client, workflowIds.preSend(sendoutId, 'send'))
  await endProfile?.(phases)
  await delay(world, 0)
  const list = await compareList(opened, sendoutId, denied, result.verifiedAsOf)
  const [crm, emarketeer] = await Promise.all([
    readRequests(world.logs.crm, fromMs, toMs),
    readRequests(world.logs.emarketeer, fromMs, toMs),
  ])
  const recorded = [...crm, ...emarketeer].sort((a, b) => a.startedMs - b.startedMs)
  await quiet(world)
  await delay(world, LATENCY_MS)
  const bareFromMs = Date.now()
  const without = await bare(recorded)
  const bareSpan = { fromMs: bareFromMs, toMs: Date.now() }
  await delay(world, 0)
  const cpuIn = await endCpuAccount()
  return {
    result,
    ...list,
    changedMeanwhile: changes.count(),
    preSendMs: Math.round(preSendMs),
    bareMs: Math.round(without.ms),
    ratio: preSendMs / without.ms,
    phasesMs: Object.fromEntries(
      [...phases].map(([phase, span]) => [phase, Math.round(span.toMs - span.fromMs)]),
    ),
    byKind: countKinds(recorded),
    workerCpuMs: cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore,
    bareCpuMs: Math.round(without.cpuMs),
    cpu: {
      ...(Object.fromEntries([...phases].map(([phase, span]) => [phase, cpuIn(span)])) as Record<
        Phase,
        CpuTimes
      >),
      sendout: cpuIn({ fromMs, toMs }),
      bare: cpuIn(bareSpan),
    },
    workerPeakMegabytes: peak,
    load: Number(loadavg()[0]!.toFixed(1)),
    histories: await historySizes(client, sendoutId),
  }
}

/** Changes people one after the other until it is ended. */
function startChanges({ truth, deny }: OpenedWorld, emails: readonly string[]) {
  const denied = new Map<string, number>()
  let at = 0
  let ended = false
  const changing = (async () => {
    while (!ended && at < emails.length) {
      const email = emails[at]!
      at += 1
      if (at % 2 === 0) {
        await deny(email)
        denied.set(email, Date.now())
      } else {
        await truth.unsubscribe(email)
      }
      await sleep(CHANGE_EVERY_MS)
    }
  })()
  return {
    count: () => at,
    /** Ends the changes. @returns who was withdrawn in the CRM, and when that was certainly done, Unix ms. */
    end: async (): Promise<ReadonlyMap<string, number>> => {
      ended = true
      await changing
      return denied
    },
  }
}

/**
 * Compares the list with the truth, after one more person has unsubscribed: the reading itself must leave that person
 * out. People who were withdrawn in the CRM after the moment that the result vouches for may be on it, because no
 * webhook reports them.
 */
async function compareList(
  { truth, campaigns }: OpenedWorld,
  sendoutId: string,
  denied: ReadonlyMap<string, number>,
  verifiedAsOf: string | null,
): Promise<Pick<Measured, 'wrong' | 'missing' | 'afterProof'>> {
  const [late] = await truth.mailable()
  await truth.unsubscribe(late!)
  const expected = new Set(await truth.mailable())
  const asOfMs = Date.parse(verifiedAsOf ?? '')
  const listed = new Set<string>()
  for await (const entry of campaigns.mailingList(sendoutId, DEMO_ACCOUNT.accountId)) {
    listed.add(entry.email ?? '')
  }
  const afterProof = new Set([...denied.keys()].filter((email) => denied.get(email)! >= asOfMs))
  return {
    wrong: [...listed].filter((email) => !expected.has(email) && !afterProof.has(email)).length,
    afterProof: afterProof.size,
    missing: [...expected].filter((email) => !listed.has(email)).length,
  }
}

/** Delays every stand-in's answers from now on. */
export async function delay({ crm, emarketeer }: World, ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, LOG_WAIT_MS))
  await Promise.all([delayRequests(crm, ms), delayRequests(emarketeer, ms)])
}

/** From now on every request, sign-ins too, waits before it is processed; 0: none does. */
async function delayRequests(control: StandInControl, delayMs: number): Promise<void> {
  await control.clearFaults()
  if (delayMs > 0) {
    await control.post('faults', { delayMs })
  }
}

/** That many items, spread over all. */
export function everyNth<T>(all: readonly T[], wanted: number): readonly T[] {
  const step = all.length / Math.max(1, wanted)
  return Array.from({ length: Math.min(wanted, all.length) }, (_, n) => all[Math.floor(n * step)]!)
}

function countKinds(requests: readonly RecordedRequest[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const request of requests) {
    const kind = kindOf(request).replace(/ :\d+/, ' ')
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}

async function historySizes(
  client: TemporalClient['client'],
  sendoutId: string,
): Promise<Measured['histories']> {
  const sizes: Record<string, { events: number; kilobytes: number }> = {}
  for await (const { workflowId, runId } of client.workflow.list()) {
    if (workflowId.includes(sendoutId)) {
      const handle = client.workflow.getHandle(workflowId, runId)
      const { historyLength, historySize } = await handle.describe()
      const kilobytes = Math.round((historySize ?? 0) / 1024)
      sizes[workflowId] = { events: historyLength, kilobytes }
    }
  }
  return sizes
}
