import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const KINDS = ['dev', 'demo'] as const
const NAME = new RegExp(`^lbsync-(?:${KINDS.join('|')})-(\\d+)-`)

/**
 * Makes a directory that only this user may read, named after this process, and takes away those of processes that were
 * killed: what lies in them are secrets of stacks that are gone.
 */
export async function ownDirectory(kind: (typeof KINDS)[number]): Promise<string> {
  for (const name of await readdir(tmpdir())) {
    const pid = NAME.exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid))) {
      // Another user's is not ours to remove.
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined)
    }
  }
  return mkdtemp(join(tmpdir(), `lbsync-${kind}-${process.pid}-`))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
