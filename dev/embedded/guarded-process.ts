import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'

/**
 * A shell that runs the server and outlives it only until it has cleaned up.
 *
 * Only we hold the other end of its standard input, so end-of-file means that we closed it or died, even by kill -9.
 * The shell then stops the server and removes its directory. If the server ends by itself, its directory stays, because
 * it contains the log. Nothing polls while the server runs. Arguments: signal, tenths of a second of grace, directory,
 * command….
 */
const guardScript = `
signal=$1; grace=$2; dir=$3; shift 3
cd / && exec 3<&0
"$@" 3<&- </dev/null &
server=$!
{
  cat <&3
  : >"$dir/stopping"
  kill -s "$signal" "$server"
  while [ "$grace" -gt 0 ] && kill -0 "$server"; do sleep 0.1; grace=$((grace - 1)); done
  kill -s KILL "$server"
} >/dev/null 2>&1 &
watch=$!
wait "$server"; code=$?
kill "$watch" 2>/dev/null
if [ -e "$dir/stopping" ]; then rm -rf "$dir"; fi
exit "$code"
`

export interface GuardedOptions {
  readonly command: string
  readonly args: readonly string[]
  /** Absolute path of the server's own directory. It contains the log and is removed at the end. */
  readonly dir: string
  /** Signal for a fast and clean shutdown. */
  readonly stopSignal: 'TERM' | 'INT' | 'QUIT'
  readonly env?: Readonly<Record<string, string>>
  /** User to run as; only if we are root. */
  readonly user?: { readonly uid: number; readonly gid: number }
}

export interface GuardedProcess {
  /** Process id of the guard, which leads its own process group. */
  readonly pid: number
  /** Resolves with the exit code after the server has ended. */
  readonly exited: Promise<number>
  /** The end of the server's log; available after it has ended. */
  logTail(): Promise<string>
  /** Stops the server. Resolves after it has ended and its directory is removed. */
  stop(): Promise<void>
}

const graceTenths = 80
const logTailBytes = 2_000

/** Starts a server that cannot outlive this process. */
export async function startGuarded(options: GuardedOptions): Promise<GuardedProcess> {
  const logPath = `${options.dir}/server.log`
  const log = await open(logPath, 'w')
  const guardArgs = [options.stopSignal, String(graceTenths), options.dir, options.command]
  const child = spawn('/bin/sh', ['-c', guardScript, 'guard', ...guardArgs, ...options.args], {
    // A session of its own: Ctrl-C in a terminal reaches only us, and we stop the server.
    detached: true,
    stdio: ['pipe', log.fd, log.fd],
    env: { PATH: process.env['PATH'], ...options.env },
    ...options.user,
  })
  const spawned = once(child, 'spawn')
  const stdin = child.stdin as Socket
  stdin.on('error', () => {})
  const ended = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : 1))
  await spawned
  await log.close()
  // A server that its caller forgets must not keep our event loop, and so itself, alive.
  child.unref()
  stdin.unref()
  const tail = ended.then(async () => {
    stdin.destroy()
    const text = await readFile(logPath, 'utf8').catch(() => '')
    await rm(options.dir, { recursive: true, force: true })
    return text.slice(-logTailBytes)
  })
  return {
    pid: child.pid!,
    exited: tail.then(() => ended),
    logTail: () => tail,
    async stop() {
      child.ref()
      stdin.end()
      const killer = setTimeout(
        () => process.kill(-child.pid!, 'SIGKILL'),
        graceTenths * 100 + 2_000,
      )
      await tail
      clearTimeout(killer)
    },
  }
}

const readyTimeoutMs = 180_000
const pollMs = 30

/**
 * Probes a new server until it answers.
 * @param probe rejects as long as the server does not answer.
 * @returns false if the server ended first, or did not answer within a minute.
 */
export async function waitUntilReady(
  server: GuardedProcess,
  probe: () => Promise<unknown>,
): Promise<boolean> {
  let running = true
  void server.exited.then(() => (running = false))
  const deadlineMs = Date.now() + readyTimeoutMs
  while (running && Date.now() < deadlineMs) {
    try {
      await probe()
      return running
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
  }
  return false
}
