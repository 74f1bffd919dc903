import { writeFile } from 'node:fs/promises'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'
import { workflowSources } from './workflow-sources.js'

/**
 * Bundles the workflows into the file named by the first argument: a process of its own, because bundling takes a few
 * hundred megabytes that a worker would keep.
 */
const target = process.argv[2]
if (target === undefined) {
  throw new Error('usage: bundle-workflows <target>')
}
// The bundler would print a page; its failures are thrown.
const logger = new DefaultLogger('WARN')
const { code } = await bundleWorkflowCode({ ...workflowSources(), logger })
await writeFile(target, code)
