/**
 * Holds documents and lock file to the checkout. Prints each fault on a line of its own; exits 1 if there is any.
 */
import { fileURLToPath } from 'node:url'
import { dependencyFaults } from './check-dependencies.mjs'
import { lockfileFaults } from './check-lockfile.mjs'
import { linkFaults } from './check-links.mjs'
import { roomFaults } from './check-rooms.mjs'
import { ruleFaults } from './check-rules.mjs'
import { tripFaults } from './check-trips.mjs'
import { strayReferenceFaults } from './check-stray-references.mjs'
import { threatModelFaults } from './check-threat-model.mjs'
import { wordFaults } from './check-words.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const faults = [
  ...linkFaults(root),
  ...dependencyFaults(root),
  ...strayReferenceFaults(root),
  ...lockfileFaults(root),
  ...roomFaults(root),
  ...ruleFaults(root),
  ...tripFaults(root),
  ...threatModelFaults(root),
  ...wordFaults(root),
]
for (const fault of faults) {
  process.stdout.write(`${fault}\n`)
}
process.stdout.write(`Docs: ${faults.length === 0 ? 'no faults' : `${faults.length} faults`}\n`)
process.exitCode = faults.length === 0 ? 0 : 1
