import { parseArgs } from 'node:util'
import { installVirtualTime } from './virtual-time.js'

installVirtualTime()
const { LedgerServer } = await import('./ledger.js')
const { World } = await import('./world.js')
const { planOf } = await import('./plan.js')

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    seed: { type: 'string' },
    lives: { type: 'string', default: '200' },
    trace: { type: 'boolean', default: false },
  },
})
const lives = Number(values.lives)
const seeds =
  values.seed !== undefined
    ? [values.seed]
    : Array.from({ length: Number(values.seeds) }, (_, n) => String(n + 1))
const server = await LedgerServer.start()
let failed = 0
try {
  for (const seed of seeds) {
    const began = performance.now()
    const lived = await World.live(server, planOf(seed, lives), { trace: values.trace })
    const { fingerprint, counts, findings, trace } = lived
    const line = { seed, lives, fingerprint, ...counts, findings: findings.length }
    process.stdout.write(`${JSON.stringify(line)}\n`)
    process.stderr.write(`seed ${seed}: ${Math.round(performance.now() - began)} ms\n`)
    if (trace !== null) {
      process.stdout.write(`${trace.join('\n')}\n`)
    }
    for (const finding of findings.slice(0, 20)) {
      process.stdout.write(`  ${JSON.stringify(finding)}\n`)
    }
    failed += findings.length > 0 ? 1 : 0
  }
} finally {
  await server.stop()
}
process.exitCode = failed > 0 ? 1 : 0
