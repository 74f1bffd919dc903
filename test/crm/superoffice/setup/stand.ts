import { createSecretsVault } from '../../../../src/config/secrets/secrets-vault.js'
import { Secret } from '../../../../src/config/secrets/secret.js'
import {
  type CrmDriver,
  type CrmFacts,
  type CrmClient,
  SetupPaused,
  type SetupStep,
  type StepContext,
  type StepVerdict,
} from '../../../../src/crm/crm.js'
import {
  superOfficeOnlineDriver,
  superOfficeOnsiteDriver,
} from '../../../../src/crm/superoffice/driver.js'
import { factSecrets } from '../../../../src/connection/sealed-secrets.js'
import type { SuperofficeOptions } from '../../../../simulators/superoffice/options.js'
import {
  standInControl,
  type StandInControl,
} from '../../../../simulators/common/control-client.js'
import type { Installation } from '../../../../simulators/superoffice/installation.js'
import { startSuperoffice } from '../../../../simulators/superoffice/start.js'

/** Seals as in production, for one connection. */
export const SECRETS = factSecrets(createSecretsVault([new Secret('x'.repeat(40))]), 'nord-so')

/** Nothing is chosen. */
export const PLAIN: StepContext = { choice: null, subscriptionSync: false }

/** A new installation, and sessions of the product's driver against it. */
export interface Stand {
  readonly control: StandInControl
  readonly driver: CrmDriver
  /** `more` is added to the connection file's section. */
  open(facts?: CrmFacts, more?: Readonly<Record<string, unknown>>, connectionId?: string): CrmClient
  /** The connection file's section, as parsed. */
  readonly config: unknown
  /** The inside of SuperOffice. */
  readonly world: Installation
  /** Requests of an operation so far. */
  requests(operation: string): Promise<number>
  close(): Promise<void>
}

/** Starts a stand-in on free ports of loopback. `more` is added to the connection file's section. */
export async function startStand(
  options: SuperofficeOptions = {},
  section: Readonly<Record<string, unknown>> = {},
): Promise<Stand> {
  const running = await startSuperoffice(options)
  const control = standInControl(running.controlUrl)
  const { online, onsite, apiUrl } = running.handedOut
  const driver = (
    online === undefined ? superOfficeOnsiteDriver : superOfficeOnlineDriver
  ) as CrmDriver
  const own =
    online === undefined
      ? { baseUrl: apiUrl, username: onsite?.user, password: onsite?.password }
      : {
          loginHost: online.loginUrl,
          contextIdentifier: online.contextIdentifier,
          clientSecret: online.clientSecret,
          systemUserToken: online.systemUserToken,
          privateKey: online.privateKeyPem,
        }
  return {
    control,
    driver,
    world: running.world,
    config: driver.configSchema.parse({ ...own, ...section }),
    open: (facts = {}, more = {}, connectionId = 'nord-so') =>
      driver.open(driver.configSchema.parse({ ...own, ...section, ...more }), {
        connectionId,
        facts,
        allowLoopbackHttp: true,
        secrets: SECRETS,
      }),
    requests: async (operation) => {
      const { operations } = await control.get<{ operations: Record<string, number> }>('requests')
      return operations[operation] ?? 0
    },
    close: () => running.close(),
  }
}

/** A step by its id. */
export function stepOf(id: string): SetupStep {
  const step = superOfficeOnlineDriver.setupSteps.find((one) => one.id === id)
  if (step === undefined) {
    throw new Error(`no step ${id}`)
  }
  return step
}

/** Checks a step. A thrown pause is a verdict, as for the runner. */
export async function look(crm: CrmClient, id: string): Promise<StepVerdict> {
  try {
    return await stepOf(id).verify(crm, PLAIN)
  } catch (error) {
    if (error instanceof SetupPaused) {
      return { state: 'paused', pause: error.pause }
    }
    throw error
  }
}

/**
 * Runs steps as the generic runner does: check, do, store, check again, each in its own session. @throws SetupPaused
 */
export async function runSteps(
  stand: Stand,
  ids: readonly string[],
  before: CrmFacts = {},
  more: Readonly<Record<string, unknown>> = {},
): Promise<CrmFacts> {
  let facts = before
  for (const id of ids) {
    let seen = await stepOf(id).verify(stand.open(facts, more), PLAIN)
    if (seen.state === 'due') {
      facts = { ...facts, ...(await stepOf(id).do(stand.open(facts, more), PLAIN)) }
      seen = await stepOf(id).verify(stand.open(facts, more), PLAIN)
    }
    if (seen.state === 'paused') {
      throw new SetupPaused(seen.pause)
    }
    if (seen.state === 'due') {
      throw new Error(`${id} is still due: ${JSON.stringify(seen.changes)}`)
    }
    facts = { ...facts, ...seen.facts }
  }
  return facts
}

/** A person in the stand-in's form. */
export interface SeenPerson {
  readonly consents: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** Adds a person. @returns its id. */
export async function addPerson(stand: Stand, person: object): Promise<number> {
  const { personIds } = await stand.control.post<{ personIds: number[] }>('persons', {
    persons: [person],
  })
  return personIds[0] ?? 0
}
