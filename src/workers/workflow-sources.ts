import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

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
