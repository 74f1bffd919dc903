import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ServerCertificate } from '../../common/http-server.js'

const run = promisify(execFile)

/** A certificate for 127.0.0.1 and localhost, and the authority that signed it. */
export interface OwnCertificate extends ServerCertificate {
  readonly caPem: string
}

const FOLDER = 'superoffice-tls-'

/**
 * Creates an authority and a certificate with openssl, as a customer would; valid for two days. Removes what stand-ins
 * left that were killed meanwhile.
 * @throws Error that names the folder and openssl's own words, as on a full disk.
 */
export async function makeCertificate(): Promise<OwnCertificate> {
  const parent = tmpdir()
  try {
    await removeOfKilled(parent)
    const folder = await mkdtemp(join(parent, `${FOLDER}${process.pid}-`))
    return await signIn(folder).finally(() => rm(folder, { recursive: true }))
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }
    const words = (stderr ?? '').trim() || message
    throw new Error(
      `The stand-in's certificate cannot be made in ${parent}: ${words.replace(/\s*\n\s*/g, '; ')}. ` +
        'Make room there, or name another directory in TMPDIR.',
      { cause: error },
    )
  }
}

async function signIn(folder: string): Promise<OwnCertificate> {
  const at = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => run('openssl', args)
  await writeFile(at('san'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
  const newKey = ['-newkey', 'rsa:2048', '-nodes']
  await openssl(
    ...['req', '-x509', ...newKey, '-subj', '/CN=Acme internal CA', '-days', '2'],
    ...['-keyout', at('ca.key'), '-out', at('ca.pem')],
  )
  await openssl(
    ...['req', ...newKey, '-subj', '/CN=localhost', '-keyout', at('key'), '-out', at('csr')],
  )
  await openssl(
    ...['x509', '-req', '-in', at('csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key')],
    ...['-CAcreateserial', '-days', '2', '-extfile', at('san'), '-out', at('pem')],
  )
  const read = (name: string) => readFile(at(name), 'utf8')
  return { key: await read('key'), cert: await read('pem'), caPem: await read('ca.pem') }
}

/** They hold private keys. Those of another user are not ours to remove. */
async function removeOfKilled(parent: string): Promise<void> {
  const pidOf = (name: string) => Number(/^superoffice-tls-(\d+)-/.exec(name)?.[1])
  for (const name of (await readdir(parent)).filter((name) => hasEnded(pidOf(name)))) {
    await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined)
  }
}

/** Whether no process has this number (ESRCH); false for NaN. */
function hasEnded(pid: number): boolean {
  try {
    return !process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
