import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from '@jest/globals'
import { standInControl } from '../../../simulators/common/control-client.js'
import { startInstallation, type TestInstallation } from './client.js'

const main = fileURLToPath(new URL('../../../simulators/superoffice/main.ts', import.meta.url))

describe('faults and counts', () => {
  let installation: TestInstallation
  afterEach(() => installation.close())
  const put = () => installation.api('PUT', 'Person/1/Consent/EMARKETING?source=Api&legalBase=61A')

  it('throttles, cuts the line after the work, answers late, and counts what was asked', async () => {
    installation = await startInstallation()
    const { control } = installation
    await control.post('persons', { persons: [{}] })
    const refusal = { status: 429, headers: { 'Retry-After': '7' }, times: 1 }
    await control.post('faults', { method: 'PUT', ...refusal })
    const throttled = await put()
    expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([429, '7'])
    await control.post('faults', { method: 'PUT', execute: true, reset: true, times: 1 })
    await expect(put()).rejects.toThrow('fetch failed')
    expect(await control.get('writes')).toHaveLength(1)
    await control.post('faults', { path: '/Consent$', lateMs: 30 })
    const begun = Date.now()
    expect((await installation.api('GET', 'Person/1/Consent')).status).toBe(200)
    expect(Date.now() - begun).toBeGreaterThanOrEqual(29)
    expect(await control.get('requests')).toMatchObject({
      operations: { authenticate: 1, putConsent: 2, consents: 1 },
      statuses: { '429': 1, dropped: 1 },
    })
  })

  it('refuses more simultaneous requests than allowed', async () => {
    installation = await startInstallation({ switches: { maxConcurrent: 2, latencyMs: 2_000 } })
    const call = () => installation.api('GET', 'User/currentPrincipal')
    const mostAtOnce = async () =>
      (await installation.control.get<{ mostAtOnce: number }>('requests')).mostAtOnce
    const served = [call(), call()]
    while ((await mostAtOnce()) < 2) {
      // Both are in progress, and stay so for two seconds.
    }
    const refused = await Promise.all([call(), call()])
    expect(refused.map((it) => it.status)).toEqual([429, 429])
    expect((await Promise.all(served)).map((it) => it.status)).toEqual([200, 200])
    expect(await mostAtOnce()).toBeGreaterThan(2)
    await expect(installation.control.post('switches', { latency: 1 })).rejects.toThrow('400')
  })
})

describe('the stand-in in its own process', () => {
  it('hands out what a client needs, seeds many persons, and stops on demand', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', main, '--port', '0'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    try {
      const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
      const ready = JSON.parse(line) as Record<string, unknown> & { controlUrl: string }
      expect(ready).toMatchObject({ ready: true, mode: 'online', associateId: 316 })
      expect(ready['online']).toMatchObject({
        loginUrl: ready['url'],
        contextIdentifier: 'Cust12345',
        privateKeyPem: expect.stringContaining('PRIVATE KEY'),
      })
      const control = standInControl(ready.controlUrl)
      expect(await control.post('seed', { count: 20_000, seed: 5 })).toMatchObject({
        total: 20_000,
      })
      const lines = await control.lines<{ emails: unknown[] }>('dump')
      expect(lines).toHaveLength(20_000)
      expect(lines[0]?.emails).toMatchObject([{ address: 'person1@example.test' }])
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      expect((await exited)[0]).toBe(0)
    } finally {
      child.kill('SIGKILL')
    }
  })
})
