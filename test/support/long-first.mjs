import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import Sequencer from '@jest/test-sequencer'

/** Seconds a test file took, by path below test/, as `npm run test:durations` wrote them after a whole run. */
const measured = JSON.parse(readFileSync(new URL('../durations.json', import.meta.url), 'utf8'))
const root = new URL('..', import.meta.url).pathname

/** What a file that was never measured may take, by its kind: better too early than alone at the end. */
function expectedSeconds(path) {
  return (
    measured[relative(root, path)] ??
    (path.includes('.e2e.') ? 30 : path.includes('.wf.') ? 10 : path.includes('.int.') ? 4 : 1)
  )
}

/**
 * Starts the files that take longest first, so that no long one runs alone at the end while the other
 * core is idle. A clean clone has no timings of an earlier run, which is what jest's own order goes by.
 */
export default class LongFirst extends Sequencer {
  sort(tests) {
    return [...tests].sort(
      (a, b) => expectedSeconds(b.path) - expectedSeconds(a.path) || a.path.localeCompare(b.path),
    )
  }
}
