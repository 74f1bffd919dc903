import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Where the workflows' entry is, as TypeScript in a checkout and as JavaScript in a build. */
export function workflowsPath(): string {
  const path = fileURLToPath(new URL('../workflows/index.ts', import.meta.url))
  return existsSync(path) ? path : path.replace(/\.ts$/, '.js')
}
