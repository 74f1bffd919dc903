import { spawnSync } from 'node:child_process'
import { register } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { MUTANTS } from './mutants.js'
import { installVirtualTime } from './virtual-time.js'

/**
 * `npm run simulate -- --seeds N [--seed S] [--lives N] [--mutants]` (docs/simulation.md). A document a world on standard
 * output; ends with 1 where something was found, or a mutant was not.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    lives: { type: 'string', default: '200' },
    trace: { type: 'boolean', default: false },
    /** A failure is made small: takes minutes. */
    shrink: { type: 'boolean', default: false },
    /** All mutants, each in a process of its own until it is found. */
    mutants: { type: 'boolean', default: false },
    /** One of them, in this process. */
    mutant: { type: 'string' },
  },
})

const first = Number(values.from)
const seeds =
  values.seed !== undefined
    ? [values.seed]
    : Array.from({ length: Number(values.seeds) }, (_, n) => String(first + n))

process.exitCode = values.mutants ? huntMutants() : await simulate()

/** @returns 1 where a mutant lives through all seeds. */
function huntMutants(): number {
  let alive = 0
  for (const { name, what } of MUTANTS) {
    const args = ['--import', 'tsx', fileURLToPath(import.meta.url), '--mutant', name]
    const more = ['--seeds', values.seeds, '--lives', values.lives, '--from', values.from]
    const { status, stdout } = spawnSync(process.execPath, [...args, ...more], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines = stdout.split('\n').filter((line) => line.startsWith('{"seed"'))
    const found = status === 1 && lines.length > 0
    const finding = stdout.split('\n').find((line) => line.startsWith('  {'))
    print({ mutant: name, what, found, seeds: lines.length, finding: finding?.trim() ?? null })
    alive += found ? 0 : 1
  }
  return alive > 0 ? 1 : 0
}

/** @returns 1 where something was found. */
async function simulate(): Promise<number> {
  if (values.mutant !== undefined) {
    const mutant = MUTANTS.find(({ name }) => name === values.mutant)
    if (mutant === undefined) {
      throw new Error(`there is no mutant ${values.mutant}`)
    }
    const url = pathToFileURL(fileURLToPath(new URL(`../${mutant.file}`, import.meta.url))).href
    register('./mutant-loader.mjs', import.meta.url, { data: { ...mutant, url } })
  }
  installVirtualTime()
  const { LedgerServer } = await import('./ledger.js')
  const { World } = await import('./world.js')
  const { planOf } = await import('./plan.js')
  const { shrink } = await import('./shrink.js')
  const server = await LedgerServer.start()
  const lives = Number(values.lives)
  let failed = 0
  try {
    for (const seed of seeds) {
      const began = performance.now()
      const lived = await World.live(server, planOf(seed, lives), { trace: values.trace })
      const { fingerprint, counts, findings, trace } = lived
      print({ seed, lives, fingerprint, ...counts, findings: findings.length })
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
  return failed > 0 ? 1 : 0
}

function print(document: object): void {
  process.stdout.write(`${JSON.stringify(document)}\n`)
}
