import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ServerCertificate } from '../../common/http-server.js'

const run = promisify(execFile)

/** A certificate for 127.0.0.1 and localhost, and the authority that signed it. */
export interface OwnCertificate extends ServerCertificate {
  readonly caPem: string
}

/** Creates an authority and a certificate with openssl, as a customer would; valid for two days. */
export async function makeCertificate(): Promise<OwnCertificate> {
  const folder = await mkdtemp(join(tmpdir(), 'superoffice-tls-'))
  const at = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => run('openssl', args)
  try {
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
  } finally {
    await rm(folder, { recursive: true })
  }
}
