import { readFile } from 'node:fs/promises'
import { AppError } from '../../src/contracts/app-error.js'

/** A user of this machine, by number. */
export interface MachineUser {
  readonly uid: number
  readonly gid: number
}

/**
 * The user PostgreSQL is to run as; undefined means ourselves.
 *
 * PostgreSQL refuses to start as root. Then it runs as `postgres` if the machine has that user,
 * else as `nobody`, which practically every one has: no user is ever created.
 *
 * @throws AppError `not_provisioned`, when we are root on a machine that has neither
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
