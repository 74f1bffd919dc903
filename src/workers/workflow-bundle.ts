import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleOption } from '@temporalio/worker'

/** Written by `npm run build`, for the container image. */
const PREBUILT = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url))

/** The bundler would print a page; its failures are thrown. */
const QUIET = new DefaultLogger('WARN')

let inProcess: Promise<WorkflowBundleOption> | null = null

/** The workflows' code as the worker runs it: prebuilt where there is a build, else bundled once per process. */
export function workflowBundle(): Promise<WorkflowBundleOption> {
  if (existsSync(PREBUILT)) {
    return Promise.resolve({ codePath: PREBUILT })
  }
  inProcess ??= bundleWorkflowCode({ workflowsPath: workflowsPath(), logger: QUIET })
  return inProcess
}

/** Where the workflows' entry is, as TypeScript in a checkout and as JavaScript in a build. */
export function workflowsPath(): string {
  const path = fileURLToPath(new URL('../workflows/index.ts', import.meta.url))
  return existsSync(path) ? path : path.replace(/\.ts$/, '.js')
}
