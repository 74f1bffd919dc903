import { createRequire } from 'node:module'

/** The version of this release, as its package says. */
export function productVersion(): string {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }
  return version
}
