/**
 * Totals of jest's JSON results. A test file that could not run counts as one failure, because no other number includes
 * its tests. As a program it prints "passed failed".
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export function countTests(results) {
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
    notRun: results.numPendingTests + results.numTodoTests,
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { passed, failed } = countTests(JSON.parse(readFileSync(process.argv[2], 'utf8')))
  process.stdout.write(`${passed} ${failed}\n`)
}
