import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { checkoutRoot } from '../../src/checkout.js'
import { createServer } from 'node:net'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { AppError } from '../../src/contracts/app-error.js'

export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export async function findOnPath(
  name: string,
  path = process.env['PATH'] ?? '',
): Promise<string | undefined> {
  for (const dir of path.split(delimiter).filter((entry) => entry !== '')) {
    const candidate = join(dir, name)
    if (await isExecutable(candidate)) {
      return candidate
    }
  }
  return undefined
}

/**
 * A TCP port that is free on 127.0.0.1 now. Another process may take it before the server binds it: the caller must
 * then retry with another one.
 */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.unref()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}

export interface ProgramOptions {
  /** What messages call it. Absent: its entry file. */
  readonly name?: string
  /** Its entry file (`.ts` or `.mjs`), relative to the checkout's root: `simulators/…`, `bin/lbsync.mjs`. */
  readonly entry: string
  readonly args?: readonly string[]
  /** Added to our own environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Time limit for its ready line, in ms. */
  readonly readyTimeoutMs?: number
  /** An abort before it is ready kills it, and the start fails with the signal's reason. */
  readonly signal?: AbortSignal
  /** Called with each chunk of standard error. */
  readonly onStderr?: (chunk: string) => void
}

export interface RunningProgram<Ready> {
  readonly pid: number
  /** The document on its first line that begins with `{"ready":true`. */
  readonly ready: Ready
  /** Resolves with the exit code after it has ended (null: by a signal). */
  readonly exited: Promise<number | null>
  /** Lines on standard output so far. */
  readonly stdout: readonly string[]
  stderr(): string
  /** Its standard error without log lines and stack frames. */
  lastWords(): string
  /** Sends SIGTERM, then SIGKILL if it is still running. */
  stop(): Promise<void>
}

const stopTimeoutMs = 10_000
const lastWordsLength = 1_000

/**
 * Starts a program and waits for its ready line.
 * @throws AppError `stack_part_ended`, with its last words, if it ends first or is not ready in time; the signal's reason.
 */
export async function startProgram<Ready = unknown>(
  options: ProgramOptions,
): Promise<RunningProgram<Ready>> {
  const { signal } = options
  signal?.throwIfAborted()
  const preload = new URL('./end-with-parent.mjs', import.meta.url).href
  const runner = options.entry.endsWith('.ts') ? ['bin/run-program.mjs'] : []
  const nodeArgs = ['--import', preload, ...runner, options.entry, ...(options.args ?? [])]
  const child = spawn(process.execPath, nodeArgs, {
    // A session of its own: Ctrl-C in a terminal reaches only us, and we stop it.
    detached: true,
    cwd: checkoutRoot,
    // NODE_OPTIONS would pass on jest's own options.
    env: { ...process.env, NODE_OPTIONS: undefined, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.on('error', () => {})
  const stdout: string[] = []
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
    options.onStderr?.(chunk)
  })
  // It may not even be started: too many processes, no memory.
  const exited = once(child, 'exit').then(
    ([code]) => code as number | null,
    (error: Error) => {
      stderr += error.message
      return null
    },
  )
  // Only then is its standard error complete.
  const closed = once(child, 'close').catch(() => undefined)
  const lastWords = () => lastWordsOf(stderr)
  const stop = async () => {
    const killer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
    child.kill('SIGTERM')
    await exited
    clearTimeout(killer)
  }
  let onAbort = () => {}
  const ready = new Promise<Ready>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      stdout.push(line)
      // After other output, such as an error document, the program ends.
      if (line.startsWith('{"ready":true')) {
        resolve(JSON.parse(line) as Ready)
      }
    })
    const fail = (why: string) => {
      const message = `${options.name ?? options.entry} ${why}.${saidLast(lastWords())}`
      reject(new AppError('stack_part_ended', message))
    }
    void closed.then(() =>
      fail(`ended (${child.exitCode ?? child.signalCode ?? 'not started'}) before it was ready`),
    )
    setTimeout(fail, options.readyTimeoutMs ?? 180_000, 'was not ready in time').unref()
    onAbort = () => {
      reject(signal?.reason as Error)
      // It has nothing to clean up yet.
      child.kill('SIGKILL')
    }
    signal?.addEventListener('abort', onAbort)
  })
  try {
    return {
      pid: child.pid!,
      ready: await ready,
      exited,
      stdout,
      stderr: () => stderr,
      lastWords,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

/** What a program said last, as the end of a message; empty if it said nothing. */
export function saidLast(words: string): string {
  const last = words.slice(-lastWordsLength).trim()
  return last === '' ? '' : ` It said last:\n${last}`
}

/** Standard error without the lines of a log and the frames of a stack: those name no cause. */
function lastWordsOf(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => !/^\s*(?:at\s|$)|^\{"/.test(line))
  return lines.join('\n')
}
