import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Makes a directory in `parent` that only this user may read, named after this process, and takes away those of processes
 * that were killed: what lies in them are secrets of stacks that are gone, data of servers, and half of what was fetched.
 *
 * @param kind how its name begins
 */
export async function ownDirectory(parent: string, kind: string): Promise<string> {
  for (const name of await readdir(parent)) {
    const [pid] = name.startsWith(`${kind}-`) ? name.slice(kind.length + 1).split('-', 1) : []
    if (pid !== undefined && /^\d+$/.test(pid) && !isAlive(Number(pid))) {
      // Another user's is not ours to remove.
      await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined)
    }
  }
  return mkdtemp(join(parent, `${kind}-${process.pid}-`))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
