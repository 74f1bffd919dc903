import { readFile, stat } from 'node:fs/promises'
import { loadavg } from 'node:os'
import type { StandInControl } from '../simulators/common/control-client.js'
import { DEMO_ACCOUNT } from '../dev/stack/start-stack.js'
import { createCampaignClient, type CampaignClient } from '../src/client/index.js'
import type { TemporalClient } from '../src/config/temporal/temporal.js'
import type { PreSendResult } from '../src/contracts/pre-send.js'
import { kindOf, mostAtOnce, readRequests, type RecordedRequest } from './record/request-log.js'
import { replay } from './replay.js'
import type { CrmPlace } from './world/crm-place.js'
import type { World } from './world/start-world.js'
import { CAMPAIGN, type Truth } from './world/truth.js'

/** How late every stand-in answers, ms: about what a service nearby takes. */
const LATENCY_MS = 20

/** Past a request's end, when the stand-in has written its line. */
const LOG_WAIT_MS = 300

/** No request for so long: nothing is under way any more. */
const QUIET_MS = 3_000
const QUIET_AT_MOST_MS = 10 * 60_000

/** A sendout measured. Times are of this machine, in this run; only their ratio says anything. */
export interface Measured {
  readonly changed: number
  readonly result: PreSendResult
  /** On the list though the truth forbids it, and the other way round; both must be 0. */
  readonly wrong: number
  readonly missing: number
  /** By the stand-ins' logs, and how many ran at once at most. */
  readonly requests: Readonly<Record<'crm' | 'emarketeer', { total: number; mostAtOnce: number }>>
  readonly byKind: Readonly<Record<string, number>>
  readonly preSendMs: number
  /** The same requests without a product (replay.ts). */
  readonly bareMs: number
  readonly ratioToBare: number
  /** Answered otherwise in the replay; such requests may have been cheaper there. */
  readonly replayedDifferently: number
  /** The most that the worker's process ever had, before and after. */
  readonly workerPeakMegabytes: { readonly before: number | null; readonly after: number | null }
  /** Time that the worker's process computed meanwhile; unlike the others it hardly depends on who else uses the machine. */
  readonly workerCpuMs: number | null
  /** The machine's load when it ended; more than its cores: all times above are too long. */
  readonly load: number
  readonly histories: Readonly<Record<string, { events: number; kilobytes: number }>>
}

/** One sendout to everybody, for which people changed in the CRM just before, without a webhook's telling. */
export async function measureSendout(
  { world, place, truth }: { world: World; place: CrmPlace; truth: Truth },
  { client }: TemporalClient,
  sendout: { readonly sendoutId: string; readonly changed: number },
): Promise<Measured> {
  const campaigns = createCampaignClient({
    temporal: client,
    gatewayUrl: world.gatewayUrl,
    gatewayApiKey: world.gatewayApiKey,
  })
  const before = await truth.mailable()
  await place.deny(world.crm, new Set(everyNth(before, sendout.changed)))
  await quiet(world)
  const peakBefore = await peakMegabytes(world.workerPid)
  const cpuBefore = await cpuMs(world.workerPid)
  await delay(world, LATENCY_MS)
  const fromMs = Date.now()
  const startedAt = performance.now()
  const result = await preSend(campaigns, world, sendout.sendoutId)
  const preSendMs = performance.now() - startedAt
  const toMs = Date.now()
  const cpuAfter = await cpuMs(world.workerPid)
  await delay(world, 0)
  const peakAfter = await peakMegabytes(world.workerPid)
  const list = await compareList(campaigns, truth, sendout.sendoutId)
  const [crm, emarketeer] = await Promise.all([
    readRequests(world.logs.crm, fromMs, toMs),
    readRequests(world.logs.emarketeer, fromMs, toMs),
  ])
  const recorded = [...crm, ...emarketeer].sort((a, b) => a.startedMs - b.startedMs)
  await delay(world, LATENCY_MS)
  const bare = await replay(recorded, world.caPem ?? undefined)
  await delay(world, 0)
  return {
    changed: sendout.changed,
    result,
    ...list,
    requests: { crm: totalOf(crm), emarketeer: totalOf(emarketeer) },
    byKind: countKinds(recorded),
    preSendMs: Math.round(preSendMs),
    bareMs: Math.round(bare.ms),
    ratioToBare: Number((preSendMs / bare.ms).toFixed(2)),
    replayedDifferently: bare.differing,
    workerPeakMegabytes: { before: peakBefore, after: peakAfter },
    workerCpuMs: cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore,
    load: Number(loadavg()[0]!.toFixed(1)),
    histories: await historySizes(client, sendout.sendoutId),
  }
}

async function preSend(
  campaigns: CampaignClient,
  { connectionId }: World,
  sendoutId: string,
): Promise<PreSendResult> {
  const handle = await campaigns.startPreSend({
    connectionId,
    sendoutId,
    ...CAMPAIGN,
    stage: 'send',
  })
  return handle.result()
}

/** The list against the truth, after one more person has unsubscribed: the reading itself must leave that one out. */
async function compareList(
  campaigns: CampaignClient,
  truth: Truth,
  sendoutId: string,
): Promise<Pick<Measured, 'wrong' | 'missing'>> {
  const [late] = await truth.mailable()
  await truth.unsubscribe(late!)
  const expected = new Set(await truth.mailable())
  const listed = new Set<string>()
  for await (const entry of campaigns.mailingList(sendoutId, DEMO_ACCOUNT.accountId)) {
    listed.add(entry.email ?? '')
  }
  return {
    wrong: [...listed].filter((email) => !expected.has(email)).length,
    missing: [...expected].filter((email) => !listed.has(email)).length,
  }
}

async function delay({ crm, emarketeer }: World, ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, LOG_WAIT_MS))
  await Promise.all([delayRequests(crm, ms), delayRequests(emarketeer, ms)])
}

/** From now on every request, of sign-in too, waits so long before it is worked on; 0: none does. */
async function delayRequests(control: StandInControl, delayMs: number): Promise<void> {
  await control.clearFaults()
  if (delayMs > 0) {
    await control.post('faults', { delayMs })
  }
}

/** Waits for passes that earlier writes' webhooks caused: until no side has had a request for a while. */
async function quiet({ logs }: World): Promise<void> {
  const sizes = async () => {
    const found = await Promise.all([stat(logs.crm), stat(logs.emarketeer)])
    return found.map(({ size }) => size).join()
  }
  const untilMs = Date.now() + QUIET_AT_MOST_MS
  let before = ''
  for (let now = await sizes(); now !== before && Date.now() < untilMs; now = await sizes()) {
    before = now
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS))
  }
}

/** So many, spread over all. */
function everyNth<T>(all: readonly T[], wanted: number): readonly T[] {
  const step = all.length / Math.max(1, wanted)
  return Array.from({ length: Math.min(wanted, all.length) }, (_, n) => all[Math.floor(n * step)]!)
}

function totalOf(requests: readonly RecordedRequest[]) {
  return { total: requests.length, mostAtOnce: mostAtOnce(requests) }
}

function countKinds(requests: readonly RecordedRequest[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const request of requests) {
    const kind = kindOf(request).replace(/ :\d+/, ' ')
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}

/** The most memory that the process ever had, by Linux's own account; null elsewhere. */
async function peakMegabytes(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const peak = /VmHWM:\s+(\d+) kB/.exec(status)?.[1]
  return peak === undefined ? null : Math.round(Number(peak) / 1024)
}

/** Time that the process has computed, in it and for it in the system; null where there is no Linux to ask. */
async function cpuMs(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // After the name, which may have spaces: the 12th and 13th are ticks of 10 ms.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return stat === '' ? null : (Number(fields[11]) + Number(fields[12])) * 10
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
