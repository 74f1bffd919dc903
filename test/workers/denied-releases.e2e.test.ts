import { connect, constants, createServer, type Http2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { documentOf, runLbsync } from '../cli/run-lbsync.js'
import { withDatabase } from '../support/with-database.js'
import { withProcesses } from '../support/with-processes.js'
import { withTemporal } from '../support/with-temporal.js'

const database = withDatabase()
const processes = withProcesses()
const temporal = withTemporal()
const nowhere = 'http://127.0.0.1:9'

const envOf = (port: number, namespace: string, buildId: string) => ({
  DATABASE_URL: database.url,
  TEMPORAL_ADDRESS: `127.0.0.1:${port}`,
  TEMPORAL_NAMESPACE: namespace,
  EMARKETEER_SYNC_URL: nowhere,
  EMARKETEER_CONNECT_URL: nowhere,
  EMARKETEER_API_KEY: 'none-of-more-than-thirty-two-characters',
  PUBLIC_URL: nowhere,
  BUILD_ID: buildId,
  ALLOW_LOOPBACK_HTTP: 'true',
})

describe.each([
  ['neither read nor write the worker deployment', /WorkerDeployment/, 'unversioned'],
  ['read the worker deployment only', /SetWorkerDeploymentCurrentVersion/, 'denied'],
] as const)('a worker whose credentials may %s', (_what, denied, releaseState) => {
  const temporal = withTemporal()
  let door: Http2Server
  beforeAll(async () => {
    door = doorThatDenies(temporal.address, denied)
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => {
    door.close()
  })

  it('says so where it starts, in doctor and in release show, and what to do', async () => {
    const buildId = `build-${releaseState}`
    const port = (door.address() as AddressInfo).port
    const env = envOf(port, temporal.namespace, buildId)
    const worker = await processes.start({
      entry: 'bin/lbsync.mjs',
      args: ['worker', '--json'],
      env,
      readyTimeoutMs: 300_000,
    })
    expect(worker.ready).toMatchObject({ buildId, releaseState })
    const lines = worker.stderr().split('\n')
    expect(lines.find((line) => line.includes('"code":"releases_denied"'))).toContain('"error"')

    const doctor = await runLbsync(['doctor', '--json'], env)
    const { findings } = documentOf<{ findings: { message: string; hint: string }[] }>(doctor)
    const said =
      releaseState === 'denied' ? 'does not serve setup' : 'Temporal denies us the worker'
    const found = findings.find(({ message }) => message.includes(said))
    expect(found?.hint ?? findings).toMatch(/set-current-version|release use/)

    const asked = releaseState === 'denied' ? 'use' : 'show'
    const release = await runLbsync(['release', asked, '--json'], env)
    expect(release.exitCode).toBe(5)
    expect(JSON.stringify(documentOf(release))).toContain('set-current-version')
    await worker.stop()
  }, 480_000)
})

it('a worker that may not poll any more ends, with all queues of its process', async () => {
  const door = doorThatDenies(temporal.address, /PollWorkflowTaskQueue/)
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  const port = (door.address() as AddressInfo).port
  const ended = await runLbsync(
    ['worker', '--json'],
    envOf(port, temporal.namespace, 'may-not-poll'),
  )
  expect(ended.exitCode).toBe(5)
  expect(ended.stdout).toContain('"code":"temporal_unreachable"')
  door.close()
}, 480_000)

/**
 * Passes calls on to a Temporal server, and denies those with these names, like a server whose credentials lack the
 * right.
 */
function doorThatDenies(address: string, names: RegExp): Http2Server {
  const server = createServer()
  server.on('session', (session) => {
    const upstream = connect(`http://${address}`)
    session.on('close', () => upstream.destroy())
    upstream.on('error', () => session.destroy())
    session.on('stream', (stream, headers) => {
      stream.on('error', () => undefined)
      if (names.test(String(headers[constants.HTTP2_HEADER_PATH]))) {
        const grpc = { 'grpc-status': '7', 'grpc-message': 'Request unauthorized.' }
        stream.respond(
          { ':status': 200, 'content-type': 'application/grpc', ...grpc },
          { endStream: true },
        )
        return
      }
      const passed = upstream.request(headers)
      passed.on('error', () => stream.destroy())
      stream.on('close', () => passed.destroy())
      passed.on('response', (answer, flags) => {
        const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0
        stream.respond(answer, { endStream, waitForTrailers: !endStream })
        passed.pipe(stream)
      })
      let trailers: Record<string, unknown> = {}
      passed.on('trailers', (given) => (trailers = given))
      stream.on('wantTrailers', () => stream.sendTrailers(trailers as never))
      stream.pipe(passed)
    })
  })
  return server
}
