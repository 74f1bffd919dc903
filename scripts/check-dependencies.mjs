import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where docs/dependencies.md and package.json differ, one sentence each. */
export function dependencyFaults(root) {
  const path = join(root, 'docs/dependencies.md')
  if (!existsSync(path)) {
    return ['docs/dependencies.md does not exist']
  }
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const wanted = new Set(
    ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides'].flatMap((kind) =>
      Object.keys(manifest[kind] ?? {}),
    ),
  )
  // One row of a table a dependency: | `name` | reason |
  const rows = [...readFileSync(path, 'utf8').matchAll(/^\|\s*`([^`]+)`\s*\|\s*(.*?)\s*\|/gm)]
  const named = rows.map(([, name]) => name)
  return [
    ...[...wanted].filter((name) => !named.includes(name)).map((name) => `${name} is not named`),
    ...named.filter((name) => !wanted.has(name)).map((name) => `${name} is not in package.json`),
    ...named.filter((name, i) => named.indexOf(name) !== i).map((name) => `${name} is named twice`),
    ...rows.filter(([, , reason]) => reason === '').map(([, name]) => `${name} has no reason`),
  ].map((fault) => `docs/dependencies.md: ${fault}`)
}
