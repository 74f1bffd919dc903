/**
 * Runs jest on the project's native ES modules with the given arguments (`npm test -- test/domain`). Leaves jest's
 * results in .cache/test/results.json, those of the run that ended last, and ends with jest's exit code.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { countTests } from './count-tests.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
// A file of its own, so that two runs in one checkout never take each other's results for their own.
const resultsPath = `${root}.cache/test/results-${process.pid}-${Date.now()}.json`
mkdirSync(`${root}.cache/test`, { recursive: true })

const jest = createRequire(import.meta.url)
  .resolve('jest/package.json')
  .replace(/package\.json$/, 'bin/jest.js')
const child = spawn(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    // Jest passes these on to the processes that run test files.
    `--import=${new URL('../test/support/whole-process-memory.mjs', import.meta.url)}`,
    `--import=${new URL('../test/support/end-with-run.mjs', import.meta.url)}`,
    jest,
    '--json',
    `--outputFile=${resultsPath}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit' },
)
// Jest's own processes end after it by themselves (test/support/end-with-run.mjs).
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => child.kill(signal))
}
child.once('exit', (code) => {
  process.exitCode = code ?? 1
  let results
  try {
    results = JSON.parse(readFileSync(resultsPath, 'utf8'))
    renameSync(resultsPath, `${root}.cache/test/results.json`)
  } catch {
    process.stdout.write('Tests: jest left no results\n')
    process.exitCode ||= 1
    return
  }
  const { passed, failed, notRun } = countTests(results)
  const seconds = Math.round((Date.now() - results.startTime) / 1000)
  const unrun = notRun === 0 ? '' : `, ${notRun} not run`
  process.stdout.write(`Tests: ${passed} passed, ${failed} failed${unrun}, in ${seconds} s\n`)
  if (failed > 0) {
    process.exitCode ||= 1
  }
})
