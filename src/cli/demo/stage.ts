import { setTimeout as wait } from 'node:timers/promises'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkoutRoot } from '../../embedded/cache-dir.js'
import { DEMO_ACCOUNT, DEMO_DYNAMICS, type Stack } from '../stack/start-stack.js'
import { createControl, type Control } from './control.js'
import { emailOf, everybody, type Part } from './people.js'

/** What a command answered. */
export interface CommandAnswer {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

interface DumpedContact {
  readonly contactId: string
  readonly email: string | null
  readonly consents: Record<string, { readonly value: string }>
  /** By category id. */
  readonly subscriptions: Record<string, { readonly value: boolean }>
}

/** A contact of Dynamics as its stand-in dumps it. */
export interface DumpedCrmContact {
  readonly contactid: string
  readonly emailaddress1: string | null
  readonly donotbulkemail: boolean
  readonly statecode: number
}

/** The connection of the tour. */
export const CONNECTION_ID = 'acme-dynamics'

/** The outside world of the tour: both systems' truth, what people do in them, and `lbsync` as a user runs it. */
export class Stage {
  readonly emarketeer: Control
  readonly dynamics: Control
  /** All that commands and processes logged; scanned for people in the end. */
  log = ''
  private directory: string | null = null

  constructor(readonly stack: Stack) {
    this.emarketeer = createControl(stack.places.emarketeer.controlUrl)
    this.dynamics = createControl(stack.places.dynamics.controlUrl)
  }

  /** Puts everybody into both systems, as if they had been there for long. */
  async seed(): Promise<void> {
    const people = [...everybody()]
    await this.emarketeer.send('POST', `accounts/${DEMO_ACCOUNT.accountId}/seed`, {
      contacts: people.map(([email, person]) => ({
        email,
        firstName: person.firstName,
        lastName: person.lastName,
        consents:
          person.basis === 'none'
            ? {}
            : {
                marketingSendouts: {
                  legalBasis: person.basis,
                  version: 1,
                  eventTime: '2026-01-15T09:00:00.000Z',
                  source: 'webForm',
                },
              },
      })),
    })
    await this.dynamics.send('POST', 'rows/contact/bulk', {
      rows: people
        .filter(([, person]) => person.bulkEmail !== null)
        .map(([email, person]) => ({
          emailaddress1: email,
          firstname: person.firstName,
          lastname: person.lastName,
          donotbulkemail: person.bulkEmail === 'doNotAllow',
        })),
    })
  }

  /** Writes a file for a command. @returns its path. */
  async file(name: string, content: unknown): Promise<string> {
    this.directory ??= await mkdtemp(join(tmpdir(), 'lbsync-demo-'))
    const path = join(this.directory, name)
    await writeFile(path, JSON.stringify(content, null, 2))
    return path
  }

  /** The connection file of the tour. */
  connectionFile(): Record<string, unknown> {
    const { url } = this.stack.places.dynamics
    return {
      connectionId: CONNECTION_ID,
      accountId: DEMO_ACCOUNT.accountId,
      crm: 'dynamics',
      legalBasisSync: true,
      subscriptionSync: true,
      dynamics: {
        environmentUrl: url,
        authorityHost: url,
        tenantId: DEMO_DYNAMICS.tenantId,
        clientId: DEMO_DYNAMICS.clientId,
        clientSecret: { env: 'ACME_SECRET' },
      },
    }
  }

  /** Runs `lbsync …` as a user would. */
  async lbsync(...args: string[]): Promise<CommandAnswer> {
    const child = spawn(process.execPath, ['bin/lbsync.mjs', ...args], {
      cwd: checkoutRoot,
      env: { ...process.env, ...this.stack.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
    const [exitCode] = (await once(child, 'close')) as [number]
    this.log += stderr
    return { exitCode, stdout, stderr }
  }

  /** eMarketeer's truth about a part's marketing consent. */
  async basisOf(part: Part): Promise<string> {
    return (await this.contactOf(part)).consents['marketingSendouts']?.value ?? 'none'
  }

  /** eMarketeer's own contact of a part. */
  async contactOf(part: Part): Promise<DumpedContact> {
    const contact = (await this.emarketeerContacts()).find((c) => c.email === emailOf(part))
    if (!contact) {
      throw new Error(`${part} is not in eMarketeer`)
    }
    return contact
  }

  /** Dynamics' truth about a part's toggle. */
  async bulkEmailOf(part: Part): Promise<'allow' | 'doNotAllow'> {
    return (await this.crmContactOf(part)).donotbulkemail ? 'doNotAllow' : 'allow'
  }

  /** Dynamics' own contact of a part. */
  async crmContactOf(part: Part): Promise<DumpedCrmContact> {
    const contact = (await this.crmContacts()).find((c) => c.emailaddress1 === emailOf(part))
    if (!contact) {
      throw new Error(`${part} is not in Dynamics`)
    }
    return contact
  }

  /** All of eMarketeer. */
  async emarketeerContacts(): Promise<DumpedContact[]> {
    const lines = await this.emarketeer.lines<Partial<DumpedContact>>(
      `accounts/${DEMO_ACCOUNT.accountId}/dump`,
    )
    return lines.filter((line): line is DumpedContact => typeof line.contactId === 'string')
  }

  /** All of Dynamics. */
  crmContacts(): Promise<DumpedCrmContact[]> {
    return this.dynamics.lines('rows/contact?format=ndjson')
  }

  /** Somebody acts in eMarketeer. */
  async actInEmarketeer(part: Part, act: Record<string, unknown>): Promise<void> {
    await this.emarketeer.send('POST', `accounts/${DEMO_ACCOUNT.accountId}/acts`, {
      acts: [{ email: emailOf(part), ...act }],
    })
  }

  /** A sales rep turns a toggle in Dynamics. */
  async flipBulkEmail(part: Part, to: 'allow' | 'doNotAllow', rep: string): Promise<void> {
    const { contactid } = await this.crmContactOf(part)
    await this.dynamics.send('PATCH', `rows/contact/${contactid}`, {
      as: rep,
      values: { donotbulkemail: to === 'doNotAllow' },
    })
  }

  /** Long enough for a webhook to have come, had it come. */
  async letWebhooksPass(): Promise<void> {
    await this.dynamics.send('POST', 'webhooks/drain')
    await wait(500)
  }

  /** Removes what the tour wrote. */
  async strike(): Promise<void> {
    if (this.directory) {
      await rm(this.directory, { recursive: true, force: true })
    }
  }
}
