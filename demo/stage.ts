import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCampaignClient, type CampaignClient } from '../src/client/index.js'
import type { TemporalClient } from '../src/config/temporal/temporal.js'
import { temporalCli } from '../dev/embedded/temporal-programs.js'
import { ownDirectory } from '../src/checkout.js'
import type { LegalBasis } from '../src/domain/legal-basis.js'
import {
  connectionFiles,
  type StackConnectionFiles,
  DEMO_ACCOUNT,
  ONLINE_ACCOUNT,
  ONSITE_ACCOUNT,
} from '../dev/stack/connection-files.js'
import { childEnvironment } from '../dev/stack/own-environment.js'
import type { Stack } from '../dev/stack/start-stack.js'
import { createControl } from './control.js'
import { emailOf, everybody, type Part } from './people.js'
import { DynamicsPlace } from './places/dynamics-place.js'
import { EmarketeerAccount } from './places/emarketeer-account.js'
import { SuperOfficePlace } from './places/superoffice-place.js'
import { runCommand, type CommandAnswer } from './story.js'
import { asContacts, asPersons, fjordPeople, nordPeople } from './superoffice-people.js'

export const CONNECTION_ID = 'acme-dynamics'

/** A SuperOffice with its connected account. */
export interface SuperOfficePlaces {
  readonly crm: SuperOfficePlace
  readonly account: EmarketeerAccount
}

/** The external world of the tour: the state of all systems, people's acts in them, and `lbsync` as a user runs it. */
export class Stage {
  readonly account: EmarketeerAccount
  readonly dynamics: DynamicsPlace
  readonly nord: SuperOfficePlaces
  readonly fjord: SuperOfficePlaces
  readonly files: StackConnectionFiles
  readonly campaigns: CampaignClient
  /** Logs of all commands and processes. The tour searches them for people's data at the end. */
  log = ''
  #directory: string | null = null
  readonly #environment: Readonly<Record<string, string | undefined>>

  /** @throws if the stack was started without SuperOffice. */
  constructor(
    readonly stack: Stack,
    readonly temporal: TemporalClient,
  ) {
    this.#environment = childEnvironment(stack)
    const { emarketeer, dynamics, superOffice, gatewayUrl } = stack.places
    if (superOffice === null) {
      throw new Error('the tour needs SuperOffice')
    }
    const control = createControl(emarketeer.controlUrl)
    const accountOf = ({ accountId }: { readonly accountId: string }) =>
      new EmarketeerAccount(control, accountId)
    this.account = accountOf(DEMO_ACCOUNT)
    this.dynamics = new DynamicsPlace(dynamics.controlUrl)
    this.nord = {
      crm: new SuperOfficePlace(superOffice.online.controlUrl),
      account: accountOf(ONLINE_ACCOUNT),
    }
    this.fjord = {
      crm: new SuperOfficePlace(superOffice.onsite.controlUrl),
      account: accountOf(ONSITE_ACCOUNT),
    }
    this.files = connectionFiles(stack.places)
    this.campaigns = createCampaignClient({
      temporal: temporal.client,
      gatewayUrl,
      gatewayApiKey: stack.gatewayApiKey,
    })
  }

  /** Creates all people in all systems, with old creation times. */
  async seed(): Promise<void> {
    const people = [...everybody()]
    await this.account.seed(
      people.map(([email, { firstName, lastName, basis }]) => ({
        email,
        firstName,
        lastName,
        mobile: null,
        bases: { marketingSendouts: basis },
      })),
    )
    await this.dynamics.control.send('POST', 'rows/contact/bulk', {
      rows: people
        .filter(([, person]) => person.bulkEmail !== null)
        .map(([email, person]) => ({
          emailaddress1: email,
          firstname: person.firstName,
          lastname: person.lastName,
          donotbulkemail: person.bulkEmail === 'doNotAllow',
        })),
    })
    for (const [place, persons] of [
      [this.nord, nordPeople()],
      [this.fjord, fjordPeople()],
    ] as const) {
      await place.account.seed(asContacts(persons))
      await place.crm.seed(asPersons(persons))
    }
  }

  async file(name: string, content: unknown): Promise<string> {
    this.#directory ??= await ownDirectory(tmpdir(), 'lbsync-demo')
    const path = join(this.#directory, name)
    await writeFile(path, JSON.stringify(content, null, 2))
    return path
  }

  async lbsync(...args: string[]): Promise<CommandAnswer> {
    const answer = await runCommand(
      process.execPath,
      ['bin/lbsync.mjs', ...args],
      this.#environment,
    )
    this.log += answer.stderr
    return answer
  }

  /** Runs Temporal's own command line as an operator would. */
  async temporalCommand(...args: string[]): Promise<CommandAnswer> {
    return runCommand(await temporalCli(), args, this.#environment)
  }

  /** A part's marketing basis in eMarketeer. */
  basisOf(part: Part): Promise<LegalBasis> {
    return this.account.basis(emailOf(part))
  }

  /** A part's toggle in Dynamics. */
  async bulkEmailOf(part: Part): Promise<'allow' | 'doNotAllow'> {
    return (await this.dynamics.contact(emailOf(part))).donotbulkemail ? 'doNotAllow' : 'allow'
  }

  flipBulkEmail(part: Part, to: 'allow' | 'doNotAllow', rep: string): Promise<void> {
    return this.dynamics.flipBulkEmail(emailOf(part), to, rep)
  }

  /** Removes the tour's files and closes its connections. */
  async strike(): Promise<void> {
    await this.temporal.connection.close().catch(() => undefined)
    if (this.#directory) {
      await rm(this.#directory, { recursive: true, force: true })
    }
  }
}
