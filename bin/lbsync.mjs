#!/usr/bin/env node
/**
 * Entry of the command line. The container image has only the compiled `dist/`; in a checkout the TypeScript sources
 * run, bundled again after a change, so that no build step stands between `npm ci` and use.
 */
import { existsSync } from 'node:fs'

// Until the command listens itself (src/cli/stop-signal.ts), which after a change of the sources takes seconds.
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']) {
  process.once(name, () => {
    if (process.listenerCount(name) === 0) {
      process.stderr.write(`Error interrupted: Interrupted by ${name}.\n`)
      process.exit(130)
    }
  })
}

if (existsSync(new URL('../dev/main.ts', import.meta.url))) {
  const { runProgram } = await import('./kept-programs.mjs')
  await runProgram('dev/main.ts')
} else {
  await import(new URL('../dist/cli/main.js', import.meta.url).href)
}
