import { writeFile } from 'node:fs/promises'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

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

/** What the workflows' bundle is made of. */
export interface WorkflowSources {
  /** Their entry. */
  readonly workflowsPath: string
  /** Decodes what comes in to them. Activities and clients meet nothing but what we encoded, and do with Temporal's own. */
  readonly payloadConverterPath: string
}

/** Files as TypeScript in a checkout and as JavaScript in a build. */
export function workflowSources(): WorkflowSources {
  return {
    workflowsPath: pathOf('workflows/index'),
    payloadConverterPath: pathOf('contracts/payload-converter'),
  }
}

function pathOf(module: string): string {
  const path = fileURLToPath(new URL(`../${module}.ts`, import.meta.url))
  return existsSync(path) ? path : path.replace(/\.ts$/, '.js')
}
