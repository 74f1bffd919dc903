import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createSecureServer as createSecureHttp2, createServer as createHttp2 } from 'node:http2'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { connectTemporal } from '../../src/config/temporal/temporal.js'
import { connectTemporalNative } from '../../src/config/temporal/temporal-native.js'
import { readTemporalProfile } from '../../src/config/temporal/temporal-profile.js'
import { caught } from './caught.js'

describe('readTemporalProfile', () => {
  it('is a local server by default', () => {
    expect(readTemporalProfile({})).toMatchObject({
      address: 'localhost:7233',
      namespace: 'default',
    })
  })

  it("follows Temporal's own variables", () => {
    const profile = readTemporalProfile({
      TEMPORAL_ADDRESS: 'temporal.example:7233',
      TEMPORAL_NAMESPACE: 'sync',
      TEMPORAL_API_KEY: 'k',
    })
    expect(profile).toMatchObject({
      address: 'temporal.example:7233',
      namespace: 'sync',
      connectionOptions: { apiKey: 'k', tls: true },
    })
  })

  it('says which variable to look at when the profile file is not there', () => {
    const error = caught(() => readTemporalProfile({ TEMPORAL_PROFILE: 'absent' }))
    expect(error).toMatchObject({ code: 'environment_invalid', path: 'TEMPORAL_CONFIG_FILE' })
  })
})

/** Values that are no address, or no key, and on which a connection would wait, or which a library would quote. */
describe('a variable that Temporal’s client could not use', () => {
  it.each([
    ['TEMPORAL_ADDRESS', 'http://127.0.0.1:7233', 'without what stands before ://'],
    ['TEMPORAL_ADDRESS', 'grpc://127.0.0.1:7233', 'without what stands before ://'],
    ['TEMPORAL_ADDRESS', '127.0.0.1:7233/', 'must be a host and a port'],
    ['TEMPORAL_ADDRESS', '127.0.0.1:99999', 'must be a host and a port'],
    ['TEMPORAL_API_KEY', 'a\nb', 'must be one line'],
    ['TEMPORAL_TLS_SERVER_CA_CERT_PATH', '/nowhere/ca.pem', 'cannot be read (ENOENT)'],
  ])('%s=%j is told by its name', (name, value, word) => {
    const error = caught(() => readTemporalProfile({ [name]: value }))
    expect(error).toMatchObject({ code: 'environment_invalid', path: name })
    expect((error as Error).message).toContain(word)
    expect((error as Error).message).toContain(name)
  })

  it('is reported with the profile file where that gave it', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'lbsync-profile-'))
    const file = join(dir, 'temporal.toml')
    await writeFile(file, '[profile.default]\naddress = "https://temporal.example:7233"\n')
    const error = caught(() => readTemporalProfile({ TEMPORAL_CONFIG_FILE: file }))
    await rm(dir, { recursive: true })
    expect(error).toMatchObject({ code: 'environment_invalid', path: 'TEMPORAL_CONFIG_FILE' })
  })
})

describe('why Temporal could not be connected with', () => {
  const CONNECT = [
    ['a client', connectTemporal],
    ['a worker', connectTemporalNative],
  ] as const
  let dir: string
  let certificates: { key: string; cert: string }
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lbsync-tls-'))
    const files = { key: join(dir, 'key.pem'), cert: join(dir, 'cert.pem') }
    await promisify(execFile)('openssl', [
      ...['req', '-x509', '-nodes', '-days', '2', '-newkey', 'rsa:2048', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost', '-keyout', files.key, '-out', files.cert],
    ])
    certificates = {
      key: await readFile(files.key, 'utf8'),
      cert: await readFile(files.cert, 'utf8'),
    }
  })
  afterAll(() => rm(dir, { recursive: true }))

  /** Only the outermost layer of Temporal; each server refuses or closes before it is called. */
  const SERVERS = {
    plain: () => createHttp2(),
    tls: () => createSecureHttp2(certificates),
    mutual: () =>
      createSecureHttp2({
        ...certificates,
        ca: certificates.cert,
        requestCert: true,
        rejectUnauthorized: true,
      }),
    refusing: () =>
      createHttp2().on('stream', (stream) => {
        const headers = { 'content-type': 'application/grpc', 'grpc-status': '16' }
        stream.respond({ ':status': 200, ...headers }, { endStream: true })
      }),
  } satisfies Record<string, () => Server>

  it.each([
    ['plain', { TEMPORAL_TLS: 'true' }, 'tls_failed', 'TEMPORAL_TLS', 'speaks no TLS'],
    ['plain', { TEMPORAL_API_KEY: 'key' }, 'tls_failed', 'TEMPORAL_TLS', 'speaks no TLS'],
    ['tls', {}, 'tls_required', 'TEMPORAL_TLS', 'expects TLS'],
    [
      'tls',
      { TEMPORAL_TLS: 'true' },
      'tls_failed',
      'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
      'not trusted',
    ],
    ['mutual', {}, 'tls_required', 'TEMPORAL_TLS', 'expects TLS'],
    ['refusing', {}, 'auth_failed', 'TEMPORAL_API_KEY', 'refuses the credentials'],
  ] as const)('%s, and we have %j: temporal_%s', async (kind, variables, code, path, word) => {
    const server = SERVERS[kind]().listen(0, '127.0.0.1')
    const sockets = new Set<Socket>()
    server.on('connection', (socket: Socket) => {
      sockets.add(socket.on('error', () => undefined))
    })
    await once(server, 'listening')
    const address = `localhost:${(server.address() as AddressInfo).port}`
    try {
      for (const [who, connect] of CONNECT) {
        const error = await connect({ TEMPORAL_ADDRESS: address, ...variables }, 2_000).catch(
          (thrown: unknown) => thrown,
        )
        const told = { code: `temporal_${code}`, path, message: expect.stringContaining(word) }
        expect([who, error]).toMatchObject([who, told])
      }
    } finally {
      sockets.forEach((socket) => socket.destroy())
      server.close()
    }
  })

  it('is a client certificate that the server wants', async () => {
    const server = SERVERS.mutual().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const variables = {
      TEMPORAL_ADDRESS: `localhost:${port}`,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: join(dir, 'cert.pem'),
    }
    await expect(connectTemporal(variables, 1_000)).rejects.toMatchObject({
      code: 'temporal_auth_failed',
      path: 'TEMPORAL_TLS_CLIENT_CERT_PATH',
      message: expect.stringContaining('expects a client certificate'),
    })
    server.close()
  })

  it.each(CONNECT)('%s that nobody answers has the network’s code', async (_who, connect) => {
    await expect(connect({ TEMPORAL_ADDRESS: '127.0.0.1:1' }, 1_000)).rejects.toMatchObject({
      code: 'temporal_unreachable',
      path: 'TEMPORAL_ADDRESS',
      message: 'Temporal does not answer at 127.0.0.1:1 (ECONNREFUSED).',
    })
  })
})

describe('connecting to an address where Temporal is not', () => {
  it.each([
    ['a client', connectTemporal],
    ['a worker', connectTemporalNative],
  ])('%s is told the address within the time given', async (_name, connect) => {
    // It accepts connections and never answers, as a firewall or a wrong port does.
    const server = createServer(() => undefined).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const sockets = new Set<{ destroy(): void }>()
    server.on('connection', (socket) => sockets.add(socket))
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const startedMs = performance.now()
    try {
      await expect(connect({ TEMPORAL_ADDRESS: address }, 300)).rejects.toMatchObject({
        code: 'temporal_unreachable',
        message: `Temporal does not answer at ${address}.`,
      })
      // And five seconds for a TLS attempt.
      expect(performance.now() - startedMs).toBeLessThan(15_000)
    } finally {
      sockets.forEach((socket) => socket.destroy())
      await new Promise((resolve) => server.close(resolve))
    }
  })
})
