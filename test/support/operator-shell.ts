import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { temporalCli } from '../../dev/embedded/temporal-programs.js'
import { checkoutRoot } from '../../src/checkout.js'

/** Replaces npx for an installed command, without the second that npx takes to start. */
const QUICK_NPX = `#!/bin/sh
name=$1
shift
exec node_modules/.bin/"$name" "$@"
`

export interface ShellAnswer {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** An operator's place: a folder of their own, with our commands installed, and Temporal's on the path. */
export interface OperatorShell {
  /** The folder, for the files that a page names. */
  readonly place: string
  /** Runs a command as it is written, to its end. */
  run(command: string): Promise<ShellAnswer>
  /** Starts a command that runs until a signal. */
  start(command: string): ChildProcess
  /** From now on `npx` starts at once. */
  quicken(): Promise<void>
  remove(): Promise<void>
}

/** @param env of the commands; nothing of this process's own is added but PATH and HOME. */
export async function operatorShell(env: Readonly<Record<string, string>>): Promise<OperatorShell> {
  const place = await mkdtemp(`${tmpdir()}/lbsync-operator-`)
  await mkdir(`${place}/node_modules/.bin`, { recursive: true })
  await symlink(`${checkoutRoot}bin/lbsync.mjs`, `${place}/node_modules/.bin/lbsync`)
  await writeFile(`${place}/package.json`, '{"private":true}')
  let path = `${dirname(await temporalCli())}:${process.env['PATH']}`
  const options = () => ({
    cwd: place,
    env: { ...env, PATH: path, HOME: process.env['HOME'] },
  })
  return {
    place,
    run: (command) =>
      new Promise((resolve) => {
        execFile('/bin/sh', ['-c', command], options(), (error, stdout, stderr) => {
          const exitCode = error === null ? 0 : Number(error.code ?? 1)
          resolve({ exitCode, stdout, stderr })
        })
      }),
    start: (command) =>
      spawn('/bin/sh', ['-c', `exec ${command}`], {
        ...options(),
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    async quicken() {
      await mkdir(`${place}/quick`)
      await writeFile(`${place}/quick/npx`, QUICK_NPX, { mode: 0o755 })
      path = `${place}/quick:${path}`
    },
    remove: () => rm(place, { recursive: true, force: true }),
  }
}
