import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Promises of docs/threat-model.md that are linked to no test, one sentence each; where links lead is checked with all others. */
export function threatModelFaults(root) {
  const path = join(root, 'docs/threat-model.md')
  if (!existsSync(path)) {
    return ['docs/threat-model.md does not exist']
  }
  const rows = [...readFileSync(path, 'utf8').matchAll(/^\|\s*(.*?)\s*\|\s*(.*?)\s*\|$/gm)]
  return rows
    .filter(([, promise]) => promise !== 'promise' && !/^-+$/.test(promise))
    .filter(([, , proof]) => !/\]\(\.\.\/test\/[\w./-]+\.test\.ts\)/.test(proof))
    .map(([, promise]) => `docs/threat-model.md: "${promise}" is linked to no test`)
}
