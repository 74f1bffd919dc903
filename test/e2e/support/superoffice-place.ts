import { setTimeout as wait } from 'node:timers/promises'
import { expect } from '@jest/globals'
import { createControl, type Control } from '../../../demo/control.js'
import type { StackConnectionFile } from '../../../dev/stack/connection-files.js'
import type { Stack } from '../../../dev/stack/start-stack.js'
import { openDatabase } from '../../../src/ledger/db/database.js'
import { documentOf, runLbsync, type Ended } from '../../cli/run-lbsync.js'

/** The part of a pre-send's answer that these tests check. */
export interface SentDocument {
  readonly outcome: string
  readonly eligible: number
  readonly excluded: Readonly<Record<string, number>>
  readonly complete: boolean
}

/** Requests to a stand-in since the last reset. */
export interface Requests {
  readonly total: number
  readonly operations: Readonly<Record<string, number>>
}

interface Dumped {
  readonly email: string
  readonly consents: Readonly<Record<string, { readonly value: string }>>
}

const FIRST_CONTACT = 9001

/** One SuperOffice of a running stack with three people in it, and the connection to it. */
export class SuperOfficePlace {
  readonly crm: Control
  readonly #emarketeer: Control
  readonly connectionId: string

  constructor(
    private readonly stack: Stack,
    private readonly file: StackConnectionFile,
    controlUrl: string,
    readonly people: readonly string[],
  ) {
    this.connectionId = file.connectionId
    this.crm = createControl(controlUrl)
    this.#emarketeer = createControl(stack.places.emarketeer.controlUrl)
  }

  /** Creates the people on both sides; all consented long ago. */
  async populate(): Promise<void> {
    await this.#emarketeer.send('POST', `accounts/${this.file.accountId}/seed`, {
      contacts: this.people.map((email, index) => ({
        contactId: String(FIRST_CONTACT + index),
        email,
        consents: { marketingSendouts: { legalBasis: 'consent' } },
      })),
    })
    await this.crm.send('POST', 'persons', {
      persons: this.people.map((email) => ({
        emails: [email],
        registered: '2020-01-01T10:00:00Z',
        consents: {
          EMARKETING: { legalBase: '61A', source: 'USER', registered: '2021-01-01T10:00:00Z' },
        },
        silent: true,
      })),
    })
  }

  /** A sales rep withdraws a person's consent in SuperOffice. */
  async withdraw(email: string): Promise<void> {
    const persons = await this.crm.lines<{ personId: number; emails: { address: string }[] }>(
      'dump',
    )
    const person = persons.find(({ emails }) => emails.some(({ address }) => address === email))!
    await this.crm.send('POST', `persons/${person.personId}/consent`, {
      purpose: 'EMARKETING',
      legalBase: 'WITHDRAWN',
    })
  }

  /** Their basis in eMarketeer. */
  async basisOf(email: string): Promise<string | undefined> {
    const lines = await this.#emarketeer.lines<Dumped>(`accounts/${this.file.accountId}/dump`)
    return lines.find((line) => line.email === email)?.consents['marketingSendouts']?.value
  }

  requests(): Promise<Requests> {
    return this.crm.get<Requests>('requests')
  }

  /** Waits until the stand-in has had that many requests since the last reset. */
  async asked(times: number): Promise<void> {
    while ((await this.requests()).total < times) {
      await wait(100)
    }
  }

  /** A sendout to all of them. */
  async preSend(sendoutId: string, deadlineSeconds: number): Promise<SentDocument> {
    const request = {
      connectionId: this.connectionId,
      sendoutId,
      stage: 'send',
      contactIds: this.people.map((_, index) => String(FIRST_CONTACT + index)),
      channel: 'email',
      categoryId: null,
      transactional: false,
      deadline: new Date(Date.now() + deadlineSeconds * 1_000).toISOString(),
    }
    const path = await this.writeFile(request)
    return documentOf(await runLbsync(['pre-send', path, '--wait', '--json'], this.stack.env))
  }

  /** Applies the connection file, changed or as before. */
  async apply(): Promise<Ended> {
    return this.run('connection', 'apply', await this.writeFile(this.file))
  }

  /** Runs a command that must succeed. */
  async run(...args: string[]): Promise<Ended> {
    const ended = await this.tried(...args)
    expect([args, ended.exitCode, ended.exitCode === 0 ? '' : ended.stderr]).toEqual([args, 0, ''])
    return ended
  }

  /** Runs a command, whatever its result. */
  tried(...args: string[]): Promise<Ended> {
    return runLbsync([...args, '--json'], this.stack.env)
  }

  /** The answer of `connection show`. */
  async shown(): Promise<Record<string, unknown>> {
    return documentOf(await this.run('connection', 'show', this.connectionId))
  }

  /** Ends the time for which the breaker is tripped. */
  async theTimeComes(): Promise<void> {
    const db = openDatabase(this.stack.places.databaseUrl)
    await db.query(
      `UPDATE connections SET crm_blocked_until = now() - interval '1 second' WHERE connection_id = $1`,
      [this.connectionId],
    )
    await db.close()
  }

  /** Set by the code that stores the test's files. */
  writeFile: (content: object) => Promise<string> = () => Promise.reject(new Error('no files'))
}
