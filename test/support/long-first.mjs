import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import Sequencer from '@jest/test-sequencer'

/** Seconds per test file, by path below test/, as `npm run test:durations` wrote them after a whole run. */
const measured = JSON.parse(readFileSync(new URL('../durations.json', import.meta.url), 'utf8'))
const root = new URL('..', import.meta.url).pathname

/** Estimate for a file without a measurement, by its kind: better too early than alone at the end. */
function expectedSeconds(path) {
  return (
    measured[relative(root, path)] ??
    (path.includes('.e2e.') ? 30 : path.includes('.wf.') ? 10 : path.includes('.int.') ? 4 : 1)
  )
}

/**
 * Starts the longest files first, so that no long one runs alone at the end while the other core is idle. Jest's own
 * order needs timings of an earlier run, which a clean clone lacks.
 */
export default class LongFirst extends Sequencer {
  sort(tests) {
    return [...tests].sort(
      (a, b) => expectedSeconds(b.path) - expectedSeconds(a.path) || a.path.localeCompare(b.path),
    )
  }
}
