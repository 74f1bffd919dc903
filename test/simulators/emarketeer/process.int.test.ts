import { describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { standInControl } from '../../../simulators/common/control-client.js'

const main = fileURLToPath(new URL('../../../simulators/emarketeer/main.ts', import.meta.url))

describe('the stand-in in its own process', () => {
  it('says where it is, works, and stops on demand', async () => {
    const options = JSON.stringify({ accounts: [{ accountId: '77' }] })
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', main, '--port', '0', '--options', options],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    )
    try {
      const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
      const ready = JSON.parse(line) as { ready: boolean; url: string; controlUrl: string }
      expect(ready.ready).toBe(true)
      const control = standInControl(ready.controlUrl)
      expect(await control.get('accounts')).toMatchObject([{ accountId: '77', contacts: 0 }])
      await control.post('accounts/77/seed', { count: 20_000, seed: 5 })
      const base = `${ready.url}/sync-internal/v1/accounts/77`
      const response = await fetch(`${base}/states?limit=1`, {
        headers: { 'x-api-key': 'service-key' },
      })
      expect(await response.json()).toMatchObject({ total: 20_000 })
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      expect((await exited)[0]).toBe(0)
    } finally {
      child.kill('SIGKILL')
    }
  })
})
