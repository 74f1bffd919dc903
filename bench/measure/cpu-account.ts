import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuMs } from './process.js'
import type { Span } from './phases.js'

/** Whose a process is. `other`: started by the bench and none of the others, such as a guard of a server. */
const OWNERS = {
  worker: /lbsync\.mjs\0worker/,
  gateway: /lbsync\.mjs\0gateway/,
  database: /postgres/,
  temporal: /temporal/,
  standIns: /bench\/stand-in\.ts/,
} as const
type Owner = keyof typeof OWNERS | 'bench' | 'other'

/** CPU time of each process so far, ms, by its id. */
export type CpuByProcess = ReadonlyMap<number, { readonly owner: Owner; readonly ms: number }>

/** CPU time by owner, ms. */
export type CpuTimes = Partial<Readonly<Record<Owner, number>>>

/** Sampling takes some milliseconds of CPU. */
const SAMPLE_EVERY_MS = 200

interface Sample {
  readonly atMs: number
  readonly times: CpuTimes
}

/**
 * Accounts for the CPU time of the bench and of every process that it started, from now on. Linux only: elsewhere all
 * times are missing. Of a process that ends, what it computed after the last sample is lost.
 *
 * @returns ends it, and tells what was spent in a span, as far as samples show.
 */
export async function startCpuAccount(): Promise<() => Promise<(span: Span) => CpuTimes>> {
  const samples: Sample[] = []
  let last: CpuByProcess = new Map()
  const take = async () => {
    last = new Map([...last, ...(await cpuByProcess())])
    const times: Partial<Record<Owner, number>> = {}
    for (const { owner, ms } of last.values()) {
      times[owner] = (times[owner] ?? 0) + ms
    }
    samples.push({ atMs: Date.now(), times })
  }
  await take()
  let ended = false
  const sampling = (async () => {
    while (!ended) {
      await sleep(SAMPLE_EVERY_MS)
      await take()
    }
  })()
  return async () => {
    ended = true
    await sampling
    return ({ fromMs, toMs }) => {
      const before = samples.findLast(({ atMs }) => atMs <= fromMs) ?? samples[0]!
      const after = samples.find(({ atMs }) => atMs >= toMs) ?? samples.at(-1)!
      return Object.fromEntries(
        Object.entries(after.times).map(([owner, ms]) => [
          owner,
          ms - (before.times[owner as Owner] ?? 0),
        ]),
      )
    }
  }
}

/** CPU time so far of the bench and of every program that it started; empty if the system is not Linux. */
export async function cpuByProcess(): Promise<CpuByProcess> {
  const found = new Map<number, { readonly owner: Owner; readonly ms: number }>()
  for (const [pid, owner] of await ownProcesses()) {
    const ms = await cpuMs(pid)
    if (ms !== null) {
      found.set(pid, { owner, ms })
    }
  }
  return found
}

/** The bench and its descendants. Programs here start others from their main threads only. */
async function ownProcesses(): Promise<ReadonlyMap<number, Owner>> {
  const owners = new Map<number, Owner>()
  const add = async (pid: number): Promise<void> => {
    const file = `/proc/${pid}/task/${pid}/children`
    const children = await readFile(file, 'utf8').catch(() => null)
    if (children !== null) {
      owners.set(pid, pid === process.pid ? 'bench' : await ownerOf(pid))
      await Promise.all((children.match(/\d+/g) ?? []).map((child) => add(Number(child))))
    }
  }
  await add(process.pid)
  return owners
}

async function ownerOf(pid: number): Promise<Owner> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  const found = Object.entries(OWNERS).find(([, pattern]) => pattern.test(command))
  return (found?.[0] as Owner | undefined) ?? 'other'
}

/** In words: who spent most comes first. */
export function cpuInWords(times: CpuTimes): string {
  const spent = Object.entries(times).filter(([, ms]) => ms > 0)
  const total = spent.reduce((sum, [, ms]) => sum + ms, 0)
  return [
    `${total}`,
    ...spent.sort((a, b) => b[1] - a[1]).map(([owner, ms]) => `${owner} ${ms}`),
  ].join(', ')
}
