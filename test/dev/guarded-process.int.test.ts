import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { startGuarded } from '../../dev/embedded/guarded-process.js'
import { withProcesses } from '../support/with-processes.js'

describe('a guarded server process', () => {
  const processes = withProcesses()
  let listener: Server
  let port: number

  beforeEach(async () => {
    listener = createServer()
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    port = (listener.address() as AddressInfo).port
  })

  afterEach(() => {
    listener.close()
  })

  it('dies with a parent that was killed with SIGKILL, and its directory with it', async () => {
    const connected = once(listener, 'connection')
    const parent = await processes.start<{ dir: string; guardPid: number }>({
      entry: 'test/dev/fixtures/guarded-parent.ts',
      args: [String(port)],
    })
    const [socket] = (await connected) as [Socket]
    const closed = once(socket.resume(), 'close')
    expect(existsSync(parent.ready.dir)).toBe(true)
    process.kill(parent.pid, 'SIGKILL')
    await closed
    await untilGone(parent.ready.guardPid)
    expect(existsSync(parent.ready.dir)).toBe(false)
  })

  it('is stopped by the signal named, and leaves no directory', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'lbsync-guarded-'))
    const exitOnInterrupt =
      `process.on('SIGINT', () => process.exit(7));` +
      `require('node:net').connect(${port}, '127.0.0.1')`
    const connected = once(listener, 'connection')
    const server = await startGuarded({
      command: process.execPath,
      args: ['-e', exitOnInterrupt],
      dir,
      stopSignal: 'INT',
    })
    await connected
    await server.stop()
    expect(await server.exited).toBe(7)
    expect(existsSync(dir)).toBe(false)
  })

  it('reports what a server said that ended by itself', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'lbsync-guarded-'))
    const server = await startGuarded({
      command: '/bin/sh',
      args: ['-c', 'echo port is taken >&2; exit 3'],
      dir,
      stopSignal: 'TERM',
    })
    expect(await server.exited).toBe(3)
    expect(await server.logTail()).toBe('port is taken\n')
    expect(existsSync(dir)).toBe(false)
  })
})

/** The guard is not a child of ours, so that no event reports its end. */
async function untilGone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
