import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import type { World } from '../world/start-world.js'
import { startCpuProfile } from './cpu-profile.js'
import type { Span } from './phases.js'

const SAMPLE_EVERY_MS = 200
const DEAREST = 15

/** Time of each statement since the server's start, by its normalized text. */
interface Sample {
  readonly atMs: number
  readonly statements: ReadonlyMap<string, { readonly ms: number; readonly calls: number }>
}

/**
 * Watches the database and the worker from now on.
 *
 * @returns a function that ends it and writes, into the folder, each phase's most expensive statements (texts without
 *   values) to `<name>-statements.md`, and the CPU profile of the worker's main thread to `<name>.cpuprofile`.
 */
export async function startProfile(
  world: World,
  folder: string,
  name: string,
): Promise<(phases: ReadonlyMap<string, Span>) => Promise<void>> {
  await mkdir(folder, { recursive: true })
  const database = new Client({ connectionString: world.databaseUrl })
  await database.connect()
  await database.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements')
  const samples = [await sample(database)]
  const endCpuProfile = startCpuProfile(world, join(folder, `${name}.cpuprofile`))
  let ended = false
  const sampling = (async () => {
    while (!ended) {
      await sleep(SAMPLE_EVERY_MS)
      samples.push(await sample(database))
    }
  })()
  return async (phases) => {
    ended = true
    await endCpuProfile()
    await sampling
    await database.end()
    const lines: string[] = []
    for (const [phase, span] of phases) {
      lines.push(
        `## ${phase}, ${Math.round(span.toMs - span.fromMs)} ms\n`,
        ...dearest(samples, span),
      )
    }
    await writeFile(join(folder, `${name}-statements.md`), `${lines.join('\n')}\n`)
  }
}

async function sample(database: Client): Promise<Sample> {
  const { rows } = await database.query<{ query: string; ms: number; calls: number }>(
    `SELECT query, sum(total_exec_time) AS ms, sum(calls)::float8 AS calls FROM pg_stat_statements GROUP BY query`,
  )
  return { atMs: Date.now(), statements: new Map(rows.map((row) => [row.query, row])) }
}

/** Statements by their time within a span, as far as samples show: a long statement counts where it ends. */
function dearest(samples: readonly Sample[], { fromMs, toMs }: Span): string[] {
  const before = samples.findLast(({ atMs }) => atMs <= fromMs) ?? samples[0]!
  const after = samples.find(({ atMs }) => atMs >= toMs) ?? samples.at(-1)!
  const spent = [...after.statements].map(([query, { ms, calls }]) => {
    const earlier = before.statements.get(query)
    return { query, ms: ms - (earlier?.ms ?? 0), calls: calls - (earlier?.calls ?? 0) }
  })
  return spent
    .filter(({ calls }) => calls > 0)
    .sort((a, b) => b.ms - a.ms)
    .slice(0, DEAREST)
    .map(
      ({ query, ms, calls }) =>
        `- ${Math.round(ms)} ms in ${calls} calls: \`${query.replace(/\s+/g, ' ').slice(0, 400)}\``,
    )
}
