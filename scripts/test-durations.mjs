/**
 * Writes test/durations.json from the last run of all tests (.cache/test/results.json): the seconds of each file that
 * took over two, by path below test/. `test/support/long-first.mjs` orders files by it. Run it after `npm test` from
 * time to time.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const results = JSON.parse(readFileSync(`${root}.cache/test/results.json`, 'utf8'))
const seconds = results.testResults
  .map(({ name, startTime, endTime }) => [
    relative(`${root}test`, name),
    Math.round((endTime - startTime) / 1000),
  ])
  .filter(([, took]) => took > 2)
  .sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))
writeFileSync(
  `${root}test/durations.json`,
  `${JSON.stringify(Object.fromEntries(seconds), null, 2)}\n`,
)
process.stdout.write(
  `test/durations.json: ${seconds.length} files of ${results.testResults.length}\n`,
)
