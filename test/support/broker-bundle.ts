import { mkdir, rm, writeFile } from 'node:fs/promises'
import { bundleWorkflowCode } from '@temporalio/worker'
import { cacheDir } from '../../src/embedded/cache-dir.js'
import { workflowSources } from '../../src/workers/workflow-sources.js'

/** Bundles `src/workflows/index.ts` into a file of this run's own. */
export async function buildWorkflowBundle(): Promise<{
  readonly codePath: string
  readonly remove: () => Promise<void>
}> {
  const logger = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} }
  const { code } = await bundleWorkflowCode({ ...workflowSources(), logger })
  const dir = `${cacheDir}/test`
  const codePath = `${dir}/workflow-bundle-${process.pid}.js`
  await mkdir(dir, { recursive: true })
  await writeFile(codePath, code)
  return { codePath, remove: () => rm(codePath, { force: true }) }
}
