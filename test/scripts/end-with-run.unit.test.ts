import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from '@jest/globals'
import { checkoutRoot } from '../../src/checkout.js'

it('a process of a run ends after the run, however that ended', async () => {
  const preload = `--import=${checkoutRoot}test/support/end-with-run.mjs`
  // A run with a process that would go on for a minute and a half, and says when it has begun.
  const busy = `process.stdout.write('begun'); setTimeout(() => {}, 90_000)`
  const run = `import { spawn } from 'node:child_process'
    spawn(process.execPath, [${JSON.stringify(preload)}, '-e', ${JSON.stringify(busy)}], { stdio: 'inherit' })`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', run], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(parent.stdout, 'data')
  const startedMs = Date.now()
  parent.kill('SIGKILL')
  // Both hold this pipe: it ends with the last of them.
  parent.stdout.resume()
  await once(parent.stdout, 'end')
  expect(Date.now() - startedMs).toBeLessThan(60_000)
}, 120_000)
