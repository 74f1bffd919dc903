import { readFile, readdir } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { Client } from '@temporalio/client'
import type { Database } from '../../../src/ledger/db/database.js'

/** The activity of a stack within a time. */
export interface QuietTime {
  /** Activities scheduled by all workflows. */
  readonly activities: number
  /** Transactions on the ledger's database, without those of this measurement; a single statement counts as one. */
  readonly transactions: number
  /** Seconds of processor time of all processes that this one has started: servers, gateway, worker, stand-ins. */
  readonly cpuSeconds: number
}

/** Measures the activity of a stack, whose processes are our children, within a time. Linux only: it reads `/proc`. */
export async function quietTime(client: Client, db: Database, ms: number): Promise<QuietTime> {
  const before = await readings(client, db)
  await wait(ms)
  const after = await readings(client, db)
  return {
    activities: after.activities - before.activities,
    transactions: after.transactions - before.transactions - OWN_TRANSACTIONS,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
  }
}

/** The queries of one reading lie between the two. */
const OWN_TRANSACTIONS = 1

async function readings(client: Client, db: Database): Promise<QuietTime> {
  const transactions = await transactionsSoFar(db)
  return {
    activities: await activitiesSoFar(client),
    transactions,
    cpuSeconds: await cpuSecondsOfChildren(),
  }
}

async function activitiesSoFar(client: Client): Promise<number> {
  let activities = 0
  for await (const { workflowId, runId } of client.workflow.list()) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory()
    activities += (events ?? []).filter(
      (event) => event.activityTaskScheduledEventAttributes,
    ).length
  }
  return activities
}

async function transactionsSoFar(db: Database): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `SELECT xact_commit + xact_rollback AS count FROM pg_stat_database WHERE datname = current_database()`,
  )
  return row!.count
}

/** Ticks of the kernel's clock in a second: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

async function cpuSecondsOfChildren(): Promise<number> {
  const processes = await allProcesses()
  const ours = new Set([process.pid])
  for (let found = 0; found !== ours.size;) {
    found = ours.size
    processes.filter(({ parent }) => ours.has(parent)).forEach(({ pid }) => ours.add(pid))
  }
  ours.delete(process.pid)
  const ticks = processes
    .filter(({ pid }) => ours.has(pid))
    .reduce((sum, process) => sum + process.ticks, 0)
  return ticks / TICKS_PER_SECOND
}

async function allProcesses() {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const stats = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)),
  )
  return stats
    .filter((stat) => stat !== null)
    .map((stat) => {
      // The name, in brackets, may contain anything. After it come state, parent, …, and the two times as 12th and
      // 13th.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return {
        pid: Number.parseInt(stat, 10),
        parent: Number(fields[1]),
        ticks: Number(fields[11]) + Number(fields[12]),
      }
    })
}
