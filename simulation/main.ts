import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { register } from 'node:module'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { chunksOf } from '../src/domain/lists.js'
import { inParallel } from '../src/http/concurrency.js'
import { countOf, programOptions, refuseOption } from '../simulators/common/program-options.js'
import { MUTANTS } from './mutants.js'
import { installVirtualTime } from './virtual-time.js'

const USAGE =
  'npm run simulate -- [--seeds N] [--from N] [--seed S]... [--lives N] [--processes N] [--shrink] [--trace] ' +
  '[--mutants | --mutant NAME]\ndocs/simulation.md says what each does.'

/**
 * Simulates worlds (docs/simulation.md).
 * Prints one JSON document for each world on standard output, and a summary at the end. Exits with 1 if something was
 * found, or if a mutant was not.
 */
const { values } = programOptions(USAGE, {
  options: {
    seeds: { type: 'string', default: '10' },
    seed: { type: 'string', multiple: true },
    from: { type: 'string', default: '1' },
    lives: { type: 'string', default: '200' },
    /** Number of worlds, or hunts for mutants, that run at the same time, each with its own server. */
    processes: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    /** Minimises a failure, which takes minutes. */
    shrink: { type: 'boolean', default: false },
    /** Runs every mutant in its own process until it is found. */
    mutants: { type: 'boolean', default: false },
    /** Runs one mutant in this process. */
    mutant: { type: 'string' },
  },
})

const first = countOf('--from', values.from)
const processes = countOf('--processes', values.processes)
const lives = countOf('--lives', values.lives)
const seeds =
  values.seed !== undefined
    ? values.seed
    : Array.from({ length: countOf('--seeds', values.seeds) }, (_, n) => String(first + n))

if (values.mutants) {
  process.exitCode = await huntMutants()
} else {
  process.exitCode = processes > 1 ? await simulateBeside() : await simulate()
}

/**
 * Runs this program with other options. @returns its exit code (1 if a signal ended it), and the lines of its standard
 * output.
 */
async function runSelf(
  options: readonly string[],
  onLine: (line: string) => void = () => undefined,
): Promise<{ readonly status: number; readonly lines: readonly string[] }> {
  const args = [...process.execArgv, fileURLToPath(import.meta.url), ...options]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  const exit = once(child, 'exit')
  for await (const line of createInterface(child.stdout)) {
    lines.push(line)
    onLine(line)
  }
  const [status] = (await exit) as [number | null]
  return { status: status ?? 1, lines }
}

/** A world's line: its seed, its fingerprint, and counts. */
type World = Readonly<Record<string, string | number>>

/** Hunts all mutants. @returns 1 if a mutant survives all seeds. */
async function huntMutants(): Promise<number> {
  let alive = 0
  await inParallel(MUTANTS, processes, async ({ name, what }) => {
    const { status, lines } = await runSelf([
      ...['--mutant', name, '--seeds', values.seeds],
      ...['--lives', values.lives, '--from', values.from],
    ])
    const worlds = lines.filter((line) => line.startsWith('{"seed"'))
    const found = status === 1 && worlds.length > 0
    const finding = lines.find((line) => line.startsWith('  {'))?.trim() ?? null
    print({ mutant: name, what, found, seeds: worlds.length, finding })
    alive += found ? 0 : 1
  })
  return alive > 0 ? 1 : 0
}

/** Runs the worlds in several processes, each a part of them, one after the other. @returns 1 if something was found. */
async function simulateBeside(): Promise<number> {
  const began = performance.now()
  const worlds: World[] = []
  let failed = 0
  const more = [values.trace && '--trace', values.shrink && '--shrink'].filter(
    (one) => one !== false,
  )
  const parts = chunksOf(seeds, Math.ceil(seeds.length / processes))
  await Promise.all(
    parts.map(async (own) => {
      const { status } = await runSelf(
        [...own.flatMap((seed) => ['--seed', seed]), '--lives', values.lives, ...more],
        (line) => {
          if (line.startsWith('{"seed"')) {
            worlds.push(JSON.parse(line) as World)
          }
          if (!line.startsWith('{"worlds"')) {
            process.stdout.write(`${line}\n`)
          }
        },
      )
      failed += status
    }),
  )
  printAll(worlds, performance.now() - began)
  return failed > 0 || worlds.length < seeds.length ? 1 : 0
}

/** Runs the worlds in this process. @returns 1 if something was found. */
async function simulate(): Promise<number> {
  if (values.mutant !== undefined) {
    const mutant = MUTANTS.find(({ name }) => name === values.mutant)
    if (mutant === undefined) {
      refuseOption(
        `There is no mutant ${JSON.stringify(values.mutant)}. They are in simulation/mutants.ts.`,
      )
    }
    const edits = [mutant, mutant.also ?? []].flat().map(({ file, from, to }) => {
      return { url: new URL(`../${file}`, import.meta.url).href, from, to }
    })
    register('./mutant-loader.mjs', import.meta.url, { data: edits })
  }
  installVirtualTime()
  const { LedgerServer } = await import('./ledger-server.js')
  const { World } = await import('./world.js')
  const { planOf } = await import('./plan.js')
  const { shrink } = await import('./shrink.js')
  const server = await LedgerServer.start()
  const worlds: World[] = []
  const start = performance.now()
  let failed = 0
  try {
    for (const seed of seeds) {
      const began = performance.now()
      const lived = await World.live(server, planOf(seed, lives), { trace: values.trace })
      const { fingerprint, counts, findings, trace } = lived
      const world = { seed, lives, fingerprint, ...counts, findings: findings.length }
      worlds.push(world)
      print(world)
      process.stderr.write(`seed ${seed}: ${Math.round(performance.now() - began)} ms\n`)
      if (trace !== null) {
        process.stdout.write(`${trace.join('\n')}\n`)
      }
      for (const finding of findings.slice(0, 20)) {
        process.stdout.write(`  ${JSON.stringify(finding)}\n`)
      }
      if (findings.length > 0 && values.shrink) {
        const plan = planOf(seed, lives)
        const shrunk = await shrink(server, plan, lived, (what) =>
          process.stderr.write(`${what}\n`),
        )
        const { people = null, acts, works } = shrunk.plan
        print({ shrunk: seed, people, acts, works, faults: shrunk.faults, replays: shrunk.replays })
        process.stdout.write(`${(shrunk.lived.trace ?? []).join('\n')}\n`)
      }
      failed += findings.length
      if (failed > 0 && values.mutant !== undefined) {
        break
      }
    }
  } finally {
    await server.stop()
  }
  printAll(worlds, performance.now() - start)
  return failed > 0 ? 1 : 0
}

/** Prints the totals. Only the time differs from run to run. */
function printAll(worlds: readonly World[], tookMs: number): void {
  const sum: Record<string, number> = {}
  for (const [name, count] of worlds.flatMap((world) => Object.entries(world))) {
    if (typeof count === 'number') {
      sum[name] = (sum[name] ?? 0) + count
    }
  }
  print({ worlds: worlds.length, ...sum })
  process.stderr.write(`${worlds.length} worlds: ${Math.round(tookMs / 1000)} s\n`)
}

function print(document: object): void {
  process.stdout.write(`${JSON.stringify(document)}\n`)
}
