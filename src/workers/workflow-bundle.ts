import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bareEnvironment } from '../embedded/bare-environment.js'
import type { WorkflowBundleOption } from '@temporalio/worker'

const SOURCES = new URL('../', import.meta.url)
/** Written by `npm run build`, for the container image. */
const PREBUILT = fileURLToPath(new URL('workflow-bundle.js', SOURCES))
/** What workflows may be made of (the directions in docs/architecture.md). */
const PARTS = ['workflows', 'contracts', 'domain'] as const

/**
 * The workflows' code as the worker runs it: prebuilt where there is a build; in a checkout bundled by a process of its
 * own, and kept until a source changes.
 */
export async function workflowBundle(): Promise<WorkflowBundleOption> {
  if (existsSync(PREBUILT)) {
    return { codePath: PREBUILT }
  }
  const target = fileURLToPath(
    new URL(`../.cache/workflow-bundle-${await fingerprint()}.js`, SOURCES),
  )
  if (!existsSync(target)) {
    const bundler = fileURLToPath(new URL('bundle-workflows.ts', import.meta.url))
    await promisify(execFile)(process.execPath, ['--import', 'tsx', bundler, target], {
      env: bareEnvironment(),
    })
  }
  return { codePath: target }
}

/** Changes with every source that may be in the bundle, and with the packages. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256').update(await readFile(new URL('../package.json', SOURCES)))
  for (const part of PARTS) {
    const folder = new URL(`${part}/`, SOURCES)
    const names = (await readdir(folder, { recursive: true })).filter((n) => n.endsWith('.ts'))
    for (const name of names.sort()) {
      hash.update(name).update(await readFile(new URL(name, folder)))
    }
  }
  return hash.digest('hex').slice(0, 16)
}
