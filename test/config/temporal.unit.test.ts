import { describe, expect, it } from '@jest/globals'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { connectTemporal } from '../../src/config/temporal.js'
import { connectTemporalNative } from '../../src/config/temporal-native.js'
import { readTemporalProfile } from '../../src/config/temporal-profile.js'
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

describe('connecting to an address where Temporal is not', () => {
  it.each([
    ['a client', connectTemporal],
    ['a worker', connectTemporalNative],
  ])('%s is told the address within the time given', async (_name, connect) => {
    // It takes connections and never answers, as a firewall or a wrong port does.
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
      expect(performance.now() - startedMs).toBeLessThan(3_000)
    } finally {
      sockets.forEach((socket) => socket.destroy())
      await new Promise((resolve) => server.close(resolve))
    }
  })
})
