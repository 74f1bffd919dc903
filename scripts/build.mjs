/**
 * Builds the content of the container image: JavaScript, the migrations, and the workflows as one bundle, so that a
 * worker starts without bundling. `npm run build`; an argument names a folder other than `dist`.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = resolve(process.argv[2] ?? `${root}dist`)
const migrations = 'ledger/db/migrations'

if (existsSync(out) && !existsSync(`${out}/cli/main.js`)) {
  throw new Error(`${out} exists and is no build of ours; give another folder`)
}
// A file that was deleted in src must not stay in a build.
rmSync(out, { recursive: true, force: true })
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc')
run(compiler, '-p', `${root}tsconfig.build.json`, '--outDir', out)
cpSync(`${root}src/${migrations}`, `${out}/${migrations}`, { recursive: true })
// From the sources, since a folder outside the checkout finds no packages.
run('--import', 'tsx', `${root}src/workers/bundle-workflows.ts`, `${out}/workflow-bundle.js`)

/** Runs a program to its end; ends with its exit code if it fails. */
function run(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) {
    process.exit(status ?? 1)
  }
}
