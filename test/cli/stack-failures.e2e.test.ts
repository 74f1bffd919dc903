import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { checkoutRoot } from '../../src/checkout.js'
import { childEnvironment, ownEnvironment } from '../../dev/stack/own-environment.js'
import { shellQuoted } from '../../src/cli/terminal-text.js'

/** Contains a blank, as on some machines. */
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stack failures '))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

/** Files that the stack left behind; the TypeScript loader keeps its own there. */
async function leftovers(): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !name.startsWith('tsx-'))
}

/** Waits until no process of a stack is left. Each has its folder in its environment or among its arguments. */
async function untilNoneRuns(): Promise<void> {
  for (;;) {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
    const told = await Promise.all(
      pids.flatMap((pid) =>
        ['environ', 'cmdline'].map((name) =>
          readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => ''),
        ),
      ),
    )
    if (!told.some((text) => text.includes(folder))) {
      return
    }
    await sleep(50)
  }
}

/** The child of a process that was started with a word among its arguments. */
function childOf(parent: number, word: string): number {
  const read = (pid: string, name: string) => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, 'utf8')
    } catch {
      return ''
    }
  }
  const isChild = (pid: string) => read(pid, 'status').includes(`\nPPid:\t${parent}\n`)
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isChild(name))
  return Number(pids.find((pid) => read(pid, 'cmdline').includes(word)))
}

/** Sends a signal once, to the complete session, as a terminal does. */
type Tell = (signal: NodeJS.Signals, pid?: number) => void

/** Starts a command of the stack in a session of its own; passes on its output so far. */
function start(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  onOutput: (all: string, tell: Tell, pid: number) => void = () => {},
) {
  const child = spawn(process.execPath, ['bin/lbsync.mjs', ...args], {
    cwd: checkoutRoot,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TMPDIR: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let stderr = ''
  let stdout = ''
  let told = false
  const tell: Tell = (signal, whom = -child.pid!) => {
    if (!told) {
      told = true
      process.kill(whom, signal)
    }
  }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
    onOutput(stdout + stderr, tell, child.pid!)
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
    onOutput(stdout + stderr, tell, child.pid!)
  })
  return once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }))
}

describe('a stack that cannot start, or is interrupted', () => {
  it.each(['demo', 'dev'])('%s says which Temporal server does not answer', async (command) => {
    const { code, stderr } = await start([command], { TEMPORAL_ADDRESS: '127.0.0.1:1' })
    expect(stderr).toContain('Error temporal_unreachable')
    expect(stderr).toContain('127.0.0.1:1')
    expect(code).toBe(5)
  })

  it('ends by itself, with the ways out, where a part cannot be had', async () => {
    const { code, stderr } = await start(['dev'], { LBSYNC_POSTGRES: 'foo' })
    expect(stderr).toContain(
      'Error not_provisioned: LBSYNC_POSTGRES must be any, machine or package',
    )
    expect(code).toBe(5)
  })

  it('does not hear what the shell says to other installations, and leaves nothing when interrupted', async () => {
    // Directories of demos whose processes have ended: no process has such a number (proc(5), pid_max).
    await mkdir(join(folder, 'lbsync-temporal-999999999-gone'))
    await mkdir(join(folder, 'lbsync-demo-999999999-gone'))
    const env = {
      TEMPORAL_NAMESPACE: 'elsewhere',
      TEMPORAL_API_KEY: 'key',
      TEMPORAL_TLS: 'true',
      SECRETS_KEY: 'short',
      GATEWAY_PORT: 'abc',
    }
    const { code, stderr } = await start(['demo'], env, (all, tell) => {
      // It is set up now, so nothing in the environment prevented it.
      if (all.includes(' ✓ ')) {
        tell('SIGINT')
      }
    })
    expect(stderr).toContain('Error interrupted: Interrupted by SIGINT.')
    expect(stderr).not.toContain('✗')
    expect(code).toBe(130)
    expect(await leftovers()).toEqual([])
  })

  // Nothing is compiled yet there: the compiler, a child of ours, also receives Ctrl-C.
  it.each([
    ['dev', 'SIGINT', 'starting PostgreSQL'],
    ['dev', 'SIGHUP', 'starting the gateway and a worker'],
    ['demo', 'SIGINT', 'starting the gateway and a worker'],
  ] as const)('%s is told %s while it is %s', async (command, signal, moment) => {
    const cold = join(folder, 'cold')
    await mkdir(cold)
    const { code, stderr, stdout } = await start([command], { TMPDIR: cold }, (all, tell) => {
      if (all.includes(moment)) {
        tell(signal)
      }
    })
    const left = (await readdir(cold)).filter((name) => !name.startsWith('tsx-'))
    await rm(cold, { recursive: true })
    const errors = `${stdout}${stderr}`.split('\n').filter((line) => /error/i.test(line))
    expect([code, errors, left]).toEqual([
      130,
      [`Error interrupted: Interrupted by ${signal}.`],
      [],
    ])
  })

  it('says so where a process has ended while others are being started', async () => {
    const { code, stdout, stderr } = await start(['dev'], {}, (all, tell, pid) => {
      if (all.includes('starting the gateway and a worker')) {
        tell('SIGKILL', childOf(pid, 'simulators/dynamics'))
      }
    })
    expect(stderr).toContain(
      'Error stack_part_ended: The stand-in simulators/dynamics/main.ts has ended by itself.',
    )
    expect([code, stdout]).toEqual([1, ''])
    expect(await leftovers()).toEqual([])
  })

  it('leaves no process when it is killed, and its secrets until the next start', async () => {
    const { code, stdout } = await start(['dev'], {}, (all, tell, pid) => {
      if (all.includes('npx lbsync connection apply')) {
        tell('SIGKILL', pid)
      }
    })
    expect(code).toBeNull()
    expect(stdout).toMatch(/^Temporal CLI \S/m)
    await untilNoneRuns()
    expect(await leftovers()).toEqual([expect.stringMatching(/^lbsync-dev-/)])
  })

  it('starts where one was killed, says so where a process has ended, and ends', async () => {
    const { code, stderr } = await start(['dev'], {}, (all, tell) => {
      const [, worker] = /"pid":(\d+),"subsystem":"worker"/.exec(all) ?? []
      if (all.includes('npx lbsync connection apply')) {
        tell('SIGKILL', Number(worker))
      }
    })
    expect(stderr).toContain('Error stack_part_ended: The worker has ended by itself.')
    expect(code).toBe(1)
    expect(await leftovers()).toEqual([])
  })
})

describe('the environment of a stack', () => {
  const stack = { DATABASE_URL: 'ours', TEMPORAL_ADDRESS: 'ours' }

  it('has nothing of another installation', () => {
    const shell = { PATH: '/bin', SECRETS_KEY: 'x', TEMPORAL_TLS: 'true', DATABASE_URL: 'theirs' }
    const own = ownEnvironment(stack, shell)
    expect([...own.foreign].sort()).toEqual(['SECRETS_KEY', 'TEMPORAL_TLS'])
    expect(childEnvironment(own)).toMatchObject({ ...stack, SECRETS_KEY: undefined })
  })

  it('reaches a Temporal server that was given as the shell says', () => {
    const shell = { TEMPORAL_ADDRESS: 'given', TEMPORAL_NAMESPACE: 'given', SECRETS_KEY: 'x' }
    const own = ownEnvironment({ ...stack, TEMPORAL_ADDRESS: 'given' }, shell)
    expect(own.env).toEqual({ ...stack, TEMPORAL_ADDRESS: 'given', TEMPORAL_NAMESPACE: 'given' })
    expect(own.foreign).toEqual(['SECRETS_KEY'])
  })
})

describe('a path that is printed for a shell', () => {
  it.each(['/tmp/a b/env.sh', "/tmp/it's/env.sh", '/tmp/plain-1/env.sh'])('%s', async (path) => {
    const child = spawn('/bin/sh', ['-c', `printf %s ${shellQuoted(path)}`])
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
    await once(child, 'close')
    expect(said).toBe(path)
  })
})
