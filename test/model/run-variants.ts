import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Variant } from './config.js'
import type { Found } from './search.js'

/** How many explorations run in parallel, and the heap of each. */
const THREADS = 2
const HEAP_MB = 8192

/** One explored variant, and whether its result is the expected one. */
export interface Outcome {
  readonly variant: Variant
  readonly found: Found
  readonly asExpected: boolean
  readonly seconds: number
}

/** Explores the variants, two in parallel, the large ones first; reports each when it ends. */
export async function runVariants(
  variants: readonly Variant[],
  report: (outcome: Outcome) => void,
): Promise<readonly Outcome[]> {
  const waiting = variants.toSorted((a, b) => Number(b.holds) - Number(a.holds))
  const outcomes: Outcome[] = []
  const lane = async () => {
    const worker = new Worker(new URL('./worker.mjs', import.meta.url), {
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    })
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const outcome = await runOne(worker, next)
        outcomes.push(outcome)
        report(outcome)
      }
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: THREADS }, lane))
  return outcomes
}

async function runOne(worker: Worker, variant: Variant): Promise<Outcome> {
  const startedMs = performance.now()
  worker.postMessage(variant.config)
  const [found] = (await once(worker, 'message')) as [Found]
  const seconds = (performance.now() - startedMs) / 1000
  return { variant, found, seconds, asExpected: (found.violation === null) === variant.holds }
}

/** One line per outcome, as the command prints it; a violation has its shortest trace below. */
export function describe({ variant, found, asExpected, seconds }: Outcome): string {
  const { violation, trace, statistics } = found
  const head = `${variant.name.padEnd(44)} ${String(found.states).padStart(9)} ${seconds.toFixed(1).padStart(6)} s  `
  const flag = asExpected ? '' : '*** UNEXPECTED *** '
  if (violation !== null) {
    return `${head}${flag}${violation}\n        ${trace.join(' ; ')}`
  }
  const [faulty, raced, settled] = statistics.live.map(([won, of]) => `${won}/${of}`)
  const most = `passes<=${statistics.passes} writes<=${statistics.writes}`
  return `${head}${flag}OK  ${most}  last positive act wins: settled ${settled}, raced ${raced}, faulty ${faulty}`
}
