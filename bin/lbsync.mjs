#!/usr/bin/env node
/**
 * Entry of the command line. In the container image only the compiled `dist/` exists; in a checkout the
 * TypeScript sources run as they are, through tsx, so that no build step stands between `npm ci` and use.
 */
import { existsSync } from 'node:fs'

const sources = new URL('../src/cli/main.ts', import.meta.url)
if (existsSync(sources)) {
  const { register } = await import('tsx/esm/api')
  register()
  await import(sources.href)
} else {
  await import(new URL('../dist/cli/main.js', import.meta.url).href)
}
