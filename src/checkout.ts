import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AppError } from './contracts/app-error.js'

/** Root of the checkout, with a trailing slash; right both in `src/` and compiled under `dist/`. */
export const checkoutRoot: string = fileURLToPath(new URL('../', import.meta.url))

/** Where fetched tools are kept: inside the checkout, ignored by git, safe to delete at any time. */
export const cacheDir: string = `${checkoutRoot}.cache`

/**
 * Makes a directory in `parent` that only this user may read, named after this process. Removes those of processes that
 * were killed: they hold secrets of ended stacks, data of servers, and incomplete downloads.
 * @param kind the start of its name
 * @throws AppError `not_provisioned` if `parent` is missing, full, or not writable. Not retryable.
 */
export async function ownDirectory(parent: string, kind: string): Promise<string> {
  try {
    await removeOfKilled(parent, kind)
    return await mkdtemp(join(parent, `${kind}-${process.pid}-`))
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw new AppError(
      'not_provisioned',
      `No directory can be made in ${parent} (${code}). Make room there and let this user write, or name another directory ` +
        'for temporary files in TMPDIR.',
      { cause: error },
    )
  }
}

async function removeOfKilled(parent: string, kind: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const [pid] = name.startsWith(`${kind}-`) ? name.slice(kind.length + 1).split('-', 1) : []
    if (pid !== undefined && /^\d+$/.test(pid) && !isAlive(Number(pid))) {
      // Another user's directory is not ours to remove.
      await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined)
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Variables that programs need to find themselves, their user's files and a language; none of them is a secret. */
const OF_THE_MACHINE =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TERM|TMPDIR|TMP|TEMP|SYSTEMROOT|APPDATA|LOCALAPPDATA|USERPROFILE)$/

/**
 * Variables by which a machine reaches a package registry: proxies, authorities, and pip's own settings, which name its
 * index.
 */
const OF_A_REGISTRY =
  /^(?:PIP_\w+|(?:HTTPS?|ALL|NO)_PROXY|(?:https?|all|no)_proxy|SSL_CERT_(?:FILE|DIR)|(?:REQUESTS|CURL)_CA_BUNDLE|NETRC|XDG_CONFIG_\w+)$/

/**
 * The environment for a program that is not ours, or that does not need our variables: ours hold the secrets of the
 * service and of its customers.
 */
export function bareEnvironment(use: 'local' | 'registry' = 'local'): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => OF_THE_MACHINE.test(name) || (use === 'registry' && OF_A_REGISTRY.test(name)),
  )
  return Object.fromEntries(kept.map(([name, value]) => [name, value ?? '']))
}
