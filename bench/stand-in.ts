/**
 * Runs a stand-in as `simulators/<name>/main.ts` does, and logs the requests that it serves: `BENCH_STAND_IN=dynamics
 * BENCH_REQUEST_LOG=/tmp/dynamics.ndjson`. It is a separate program, so that the stand-ins need no changes.
 */
import { recordRequests } from './record/record-requests.js'

const { BENCH_STAND_IN: name, BENCH_REQUEST_LOG: path } = process.env
if (name === undefined || path === undefined) {
  throw new Error('BENCH_STAND_IN and BENCH_REQUEST_LOG name the stand-in and its log')
}
recordRequests(path)
await import(`../simulators/${name}/main.ts`)
