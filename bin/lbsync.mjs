#!/usr/bin/env node
/**
 * Entry of the command line. The container image has only the compiled `dist/`; in a checkout the TypeScript sources
 * run, bundled again after a change, so that no build step stands between `npm ci` and use.
 */
import { existsSync } from 'node:fs'

if (existsSync(new URL('../dev/main.ts', import.meta.url))) {
  const { runProgram } = await import('./kept-programs.mjs')
  await runProgram('dev/main.ts')
} else {
  await import(new URL('../dist/cli/main.js', import.meta.url).href)
}
