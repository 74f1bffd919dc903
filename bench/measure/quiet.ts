import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import type { World } from '../world/start-world.js'
import { cpuByProcess, type CpuByProcess } from './cpu-account.js'

const LOOK_EVERY_MS = 3_000
const QUIET_AT_MOST_MS = 10 * 60_000

/** CPU time of all programs of the world together in {@link LOOK_EVERY_MS}; an idle world needs a fifth of it. */
const IDLE_CPU_MS = 300

/**
 * Waits until a world does nothing any more, so that nothing of earlier writes is measured with what comes next: for
 * three seconds no stand-in had a request, the programs computed next to nothing (Linux only), and no hint of a webhook waits.
 * Requests alone do not show it: the gateway drops echoes, and stand-ins send webhooks, without one.
 * @throws Error after ten minutes.
 */
export async function quiet({ logs, databaseUrl }: World): Promise<void> {
  const database = new Client({ connectionString: databaseUrl })
  await database.connect()
  try {
    const look = async () => ({
      logBytes: (await stat(logs.crm)).size + (await stat(logs.emarketeer)).size,
      hints: await countWaitingHints(database),
      cpu: await cpuByProcess(),
    })
    const untilMs = Date.now() + QUIET_AT_MOST_MS
    for (let before = await look(); ;) {
      await sleep(LOOK_EVERY_MS)
      const now = await look()
      const computedMs = increaseOf(before.cpu, now.cpu)
      if (now.logBytes === before.logBytes && now.hints === 0 && computedMs < IDLE_CPU_MS) {
        return
      }
      if (Date.now() > untilMs) {
        throw new Error(`not quiet: ${now.hints} hints wait, ${computedMs} ms of CPU in 3 s`)
      }
      before = now
    }
  } finally {
    await database.end()
  }
}

async function countWaitingHints(database: Client): Promise<number> {
  const { rows } = await database.query<{ waiting: number }>(
    `SELECT count(*)::int AS waiting FROM inbox WHERE handled_at IS NULL`,
  )
  return rows[0]!.waiting
}

/** Without the bench itself. */
function increaseOf(before: CpuByProcess, now: CpuByProcess): number {
  return [...now]
    .filter(([, { owner }]) => owner !== 'bench')
    .reduce((sum, [pid, { ms }]) => sum + ms - (before.get(pid)?.ms ?? 0), 0)
}
