#!/usr/bin/env node
/**
 * Entry of the command line. In the container image only the compiled `dist/` exists; in a checkout the
 * TypeScript sources run, bundled when one has changed, so that no build step stands between `npm ci` and use.
 */
import { existsSync } from 'node:fs'

if (existsSync(new URL('../dev/main.ts', import.meta.url))) {
  const { runProgram } = await import('./kept-programs.mjs')
  await runProgram('dev/main.ts')
} else {
  await import(new URL('../dist/cli/main.js', import.meta.url).href)
}
