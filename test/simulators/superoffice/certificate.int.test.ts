import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'

const OPTIONS = JSON.stringify({ mode: 'onsite', tls: true })
const COMMAND = ['--import', 'tsx', 'simulators/superoffice/main.ts', '--options', OPTIONS]

describe('the certificate of a stand-in', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'certificate '))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  /** The TypeScript loader keeps its own there. */
  const left = async () => (await readdir(folder)).filter((name) => !name.startsWith('tsx-')).sort()
  const start = (path = process.env['PATH']) =>
    spawn(process.execPath, COMMAND, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: path, TMPDIR: folder },
    })

  it('leaves no keys, and removes those of stand-ins that were killed', async () => {
    // No process has the first number (proc(5), pid_max); ours lives.
    const others = [`superoffice-tls-${process.pid}-a`, 'superoffice-tls-abc']
    for (const name of ['superoffice-tls-999999999-a', ...others]) {
      await mkdir(join(folder, name))
    }
    const child = start()
    await once(child.stdout, 'data')
    child.stdin.end()
    expect(await once(child, 'close')).toEqual([0, null])
    expect(await left()).toEqual(others)
  })

  it('that cannot be made names the folder and what openssl said', async () => {
    const openssl = `#!/bin/sh\necho "req: cannot write" >&2\necho "No space left on device" >&2\nexit 1\n`
    await writeFile(join(folder, 'openssl'), openssl, { mode: 0o755 })
    const child = start(folder)
    const [said, ended] = [text(child.stderr), once(child, 'close')]
    expect((await said).split('\n')[0]).toBe(
      `Error: The stand-in's certificate cannot be made in ${folder}: req: cannot write; No space left on device. ` +
        'Make room there, or name another directory in TMPDIR.',
    )
    expect(await ended).toEqual([1, null])
    expect(await left()).toEqual(['openssl'])
  })
})
