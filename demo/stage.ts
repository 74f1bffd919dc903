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
import { runCommand, type CommandAnswer } from './run-command.js'
import { asContacts, asPersons, fjordPeople, nordPeople } from './superoffice-people.js'

/** The Dynamics connection of the tour. */
export const CONNECTION_ID = 'acme-dynamics'

/** A SuperOffice with the account that is connected to it. */
export interface SuperOfficePlaces {
  readonly crm: SuperOfficePlace
  readonly account: EmarketeerAccount
}

/** The outside world of the tour: all systems' truth, what people do in them, and `lbsync` as a user runs it. */
export class Stage {
  /** The account that is connected to Dynamics. */
  readonly account: EmarketeerAccount
  readonly dynamics: DynamicsPlace
  readonly nord: SuperOfficePlaces
  readonly fjord: SuperOfficePlaces
  readonly files: StackConnectionFiles
  readonly campaigns: CampaignClient
  /** All that commands and processes logged; scanned for people in the end. */
  log = ''
  private directory: string | null = null
  /** Of the commands that are run. */
  private readonly environment: Readonly<Record<string, string | undefined>>

  /** @throws where the stack was started without SuperOffice. */
  constructor(
    readonly stack: Stack,
    readonly temporal: TemporalClient,
  ) {
    this.environment = childEnvironment(stack)
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

  /** Puts everybody into all systems, as if they had been there for long. */
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

  /** Writes a file for a command. @returns its path. */
  async file(name: string, content: unknown): Promise<string> {
    this.directory ??= await ownDirectory(tmpdir(), 'lbsync-demo')
    const path = join(this.directory, name)
    await writeFile(path, JSON.stringify(content, null, 2))
    return path
  }

  /** Runs `lbsync …` as a user would. */
  async lbsync(...args: string[]): Promise<CommandAnswer> {
    const answer = await runCommand(process.execPath, ['bin/lbsync.mjs', ...args], this.environment)
    this.log += answer.stderr
    return answer
  }

  /** Runs Temporal's own command line as an operator would. */
  async temporalCommand(...args: string[]): Promise<CommandAnswer> {
    return runCommand(await temporalCli(), args, this.environment)
  }

  /** eMarketeer's truth about a part's marketing consent. */
  basisOf(part: Part): Promise<LegalBasis> {
    return this.account.basis(emailOf(part))
  }

  /** Dynamics' truth about a part's toggle. */
  async bulkEmailOf(part: Part): Promise<'allow' | 'doNotAllow'> {
    return (await this.dynamics.contact(emailOf(part))).donotbulkemail ? 'doNotAllow' : 'allow'
  }

  /** A sales rep turns a toggle in Dynamics. */
  flipBulkEmail(part: Part, to: 'allow' | 'doNotAllow', rep: string): Promise<void> {
    return this.dynamics.flipBulkEmail(emailOf(part), to, rep)
  }

  /** Removes what the tour wrote, and closes what it opened. */
  async strike(): Promise<void> {
    await this.temporal.connection.close().catch(() => undefined)
    if (this.directory) {
      await rm(this.directory, { recursive: true, force: true })
    }
  }
}
