import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Root of the checkout, with a trailing slash; right both in `src/` and compiled under `dist/`. */
export const checkoutRoot: string = fileURLToPath(new URL('../', import.meta.url))

/** Where fetched tools are kept: inside the checkout, ignored by git, safe to delete at any time. */
export const cacheDir: string = `${checkoutRoot}.cache`

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

/** What programs need to find themselves, their user's files and a language; none of it is a secret. */
const OF_THE_MACHINE =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TERM|TMPDIR|TMP|TEMP|SYSTEMROOT|APPDATA|LOCALAPPDATA|USERPROFILE)$/

/** How a machine reaches a package registry: proxies, authorities, and pip's own settings, which name its index. */
const OF_A_REGISTRY =
  /^(?:PIP_\w+|(?:HTTPS?|ALL|NO)_PROXY|(?:https?|all|no)_proxy|SSL_CERT_(?:FILE|DIR)|(?:REQUESTS|CURL)_CA_BUNDLE|NETRC|XDG_CONFIG_\w+)$/

/**
 * The environment for a program that is none of ours, or that has no use for what we are given: our own holds the secrets of
 * the service and of its customers.
 */
export function bareEnvironment(use: 'local' | 'registry' = 'local'): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => OF_THE_MACHINE.test(name) || (use === 'registry' && OF_A_REGISTRY.test(name)),
  )
  return Object.fromEntries(kept.map(([name, value]) => [name, value ?? '']))
}
