import { z } from 'zod'
import { answer, type CallContext, part, type UpstreamError } from '../../http/index.js'
import type { SuperOfficeClient } from './client.js'
import type { SuperOfficeFacts } from './facts.js'
import { superOfficeFailure } from './superoffice-failure.js'

/** Only our id is needed by every reading and writing; the rest is looked at by set-up, or where it is told. */
export const principalAnswer = answer(
  { name: 'superoffice.principal', operation: 'GET /User/currentPrincipal', lossUnit: 'call' },
  part({
    AssociateId: z.int(),
    DatabaseContextIdentifier: z.string().nullish().catch(null),
    UserType: z.string().nullish().catch(null),
    FunctionRights: z.array(z.unknown()).nullish().catch(null),
  }),
)

/** Who we are signed in as, and in which database. */
export interface Principal {
  /** Writer of our own writes; tells echoes of ours from people's acts. */
  readonly associateId: number
  readonly databaseContextIdentifier: string | null
  /** {@link SYSTEM_USER} for a system user. */
  readonly userType: string | null
  /** As far as they are told; what is no name is left out. */
  readonly functionRights: readonly string[]
}

/** The type of a user made for one application in one tenant: nobody can sign in as it, and no rights limit it. */
export const SYSTEM_USER = 'SystemAssociate'

/** The cheapest proof of who and where we are (docs/wire-superoffice.md, 2.1). @throws UpstreamError, AppError */
export async function currentPrincipal(
  client: SuperOfficeClient,
  context: CallContext,
): Promise<Principal> {
  const { body } = await client.json(
    {
      method: 'GET',
      path: '/User/currentPrincipal',
      operation: principalAnswer.operation,
      name: 'currentPrincipal',
      effect: 'read',
    },
    principalAnswer,
    context,
  )
  return {
    associateId: body.AssociateId,
    // Empty where none is told.
    databaseContextIdentifier: body.DatabaseContextIdentifier || null,
    userType: body.UserType || null,
    functionRights: (body.FunctionRights ?? []).filter((right) => typeof right === 'string'),
  }
}

/**
 * Whether it is the user and the database that were set up.
 *
 * @param contextIdentifier what the database must name itself; null where nothing is known.
 * @throws UpstreamError `upstream_auth_failed`, not retryable.
 */
export function requireSame(
  { associateId, databaseContextIdentifier }: Principal,
  facts: Pick<SuperOfficeFacts, 'associateId' | 'databaseContextIdentifier'>,
  contextIdentifier: string | null,
): void {
  const named = (text: string | null | undefined) => text?.toLowerCase() ?? null
  const seen = named(databaseContextIdentifier)
  const expected = [contextIdentifier, facts.databaseContextIdentifier]
  if (seen !== null && expected.some((one) => (named(one) ?? seen) !== seen)) {
    throw wrongEnvironment('database')
  }
  if ((facts.associateId ?? associateId) !== associateId) {
    throw wrongEnvironment('user')
  }
}

/**
 * Another database, or another user of ours, answers than the one that was set up. Nothing stored about rows, versions
 * or last writers holds there, so that nothing may be written. Not retryable.
 */
function wrongEnvironment(what: 'database' | 'user'): UpstreamError {
  return superOfficeFailure(
    'upstream_auth_failed',
    'GET /User/currentPrincipal',
    `another ${what} answers than the one that was set up`,
    what === 'database' ? 'wrong_organization' : 'wrong_user',
  )
}
