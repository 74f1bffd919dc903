import { writeFile } from 'node:fs/promises'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * Bundles the workflows into the file named by the first argument. It is a separate process, because bundling takes a
 * few hundred megabytes that a worker would keep.
 */
const target = process.argv[2]
if (target === undefined) {
  throw new Error('usage: bundle-workflows <target>')
}
// The bundler would print a page; its failures are thrown.
const logger = new DefaultLogger('WARN')
const { code } = await bundleWorkflowCode({ ...workflowSources(), logger })
await writeFile(target, code)

/** Source files of the workflows' bundle. */
export interface WorkflowSources {
  /** The entry file. */
  readonly workflowsPath: string
  /**
   * Decodes the payloads that workflows receive. Activities and clients receive only payloads that we encoded, and use
   * Temporal's own converter.
   */
  readonly payloadConverterPath: string
}

/** The files: TypeScript in a checkout, JavaScript in a build. */
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
