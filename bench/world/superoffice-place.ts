import type { StackConnectionFile } from '../../dev/stack/connection-files.js'
import { DEMO_ACCOUNT } from '../../dev/stack/start-stack.js'
import type { SuperOfficeOnline, SuperOfficeOnsite } from '../../dev/stack/stand-ins.js'
import { findOnPath } from '../../dev/embedded/start-program.js'
import type { BenchControl } from './bench-control.js'
import { EMAIL_PATTERN, type CrmPlace, type Seed } from './crm-place.js'

interface Person {
  readonly personId: number
  readonly emails: readonly { readonly address: string }[]
  readonly consents: { readonly EMARKETING?: { readonly legalBase: string | null } }
}

/** Keys of the legal bases (docs/wire-superoffice.md, 4.2). */
const LEGAL_BASE = { consent: '61A', withdrawn: 'WITHDRAWN' } as const

const PASSWORD = 'simulator-password'

const people = {
  standIn: 'superoffice',
  async seed(control: BenchControl, { count, firstNumber, basis }: Seed) {
    await control.post('seed', {
      count,
      seed: firstNumber,
      firstNumber,
      emailPattern: EMAIL_PATTERN,
      marketing: { [LEGAL_BASE[basis]]: 1 },
    })
  },
  async loseWebhooks(control: BenchControl) {
    await control.post('webhook-faults', { loseShare: 1 })
  },
  async denier(control: BenchControl) {
    const ids = new Map<string, number>()
    for await (const { personId, emails } of control.each<Person>('dump')) {
      emails.forEach(({ address }) => ids.set(address, personId))
    }
    return (email: string) =>
      control.post<void>(`persons/${ids.get(email)}/consent`, {
        purpose: 'EMARKETING',
        legalBase: LEGAL_BASE.withdrawn,
      })
  },
  async denied(control: BenchControl) {
    const denied = new Set<string>()
    for await (const { consents, emails } of control.each<Person>('dump')) {
      if (consents.EMARKETING?.legalBase?.endsWith(LEGAL_BASE.withdrawn)) {
        emails.forEach(({ address }) => denied.add(address))
      }
    }
    return denied
  },
} as const

/** SuperOffice Online: signed tickets, archives by POST. */
export const onlinePlace: CrmPlace = {
  ...people,
  options: () => Promise.resolve({ mode: 'online', allowHttpWebhooks: true }),
  connection(ready) {
    const { online } = ready as unknown as SuperOfficeOnline
    const file = fileOf('bench-online', {
      environment: 'online',
      loginHost: online.loginUrl,
      contextIdentifier: online.contextIdentifier,
      clientSecret: { env: 'BENCH_SECRET' },
      systemUserToken: { env: 'BENCH_TOKEN' },
      privateKey: { env: 'BENCH_KEY' },
    })
    const secrets = {
      BENCH_SECRET: online.clientSecret,
      BENCH_TOKEN: online.systemUserToken,
      BENCH_KEY: onOneLine(online.privateKeyPem),
    }
    return { file: { ...file, crm: 'superoffice-online' }, secrets, caPem: null }
  },
}

/**
 * SuperOffice on site: Basic, and https if this machine can make a certificate. @param older a server without archives
 * by POST and without webhooks, whose keys have a `#`.
 */
export function onsitePlace(older: boolean): CrmPlace {
  return {
    ...people,
    options: async () => ({
      mode: 'onsite',
      older,
      password: PASSWORD,
      tls: (await findOnPath('openssl')) !== undefined,
    }),
    connection(ready) {
      const { apiUrl, onsite } = ready as unknown as SuperOfficeOnsite
      const file = fileOf('bench-onsite', {
        baseUrl: apiUrl,
        username: onsite.user,
        password: { env: 'BENCH_PASSWORD' },
        ...(onsite.caPem === null ? {} : { ca: { env: 'BENCH_CA' } }),
      })
      const secrets = {
        BENCH_PASSWORD: onsite.password,
        ...(onsite.caPem === null ? {} : { BENCH_CA: onOneLine(onsite.caPem) }),
      }
      return { file: { ...file, crm: 'superoffice-onsite' }, secrets, caPem: onsite.caPem }
    },
  }
}

function fileOf(connectionId: string, superoffice: Record<string, unknown>): StackConnectionFile {
  return { connectionId, accountId: DEMO_ACCOUNT.accountId, legalBasisSync: true, superoffice }
}

function onOneLine(pem: string): string {
  return pem.trimEnd().replaceAll('\n', '\\n')
}
