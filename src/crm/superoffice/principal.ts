import { z } from 'zod'
import { answer, type CallContext, part, type UpstreamError } from '../../http/index.js'
import type { SuperOfficeClient } from './client.js'
import type { SuperOfficeFacts } from './facts.js'
import { superOfficeFailure } from './superoffice-failure.js'

/** Reading and writing need only our id; set-up checks the rest, as far as it is given. */
export const principalAnswer = answer(
  { name: 'superoffice.principal', operation: 'GET /User/currentPrincipal', lossUnit: 'call' },
  part({
    AssociateId: z.int(),
    DatabaseContextIdentifier: z.string().nullish().catch(null),
    UserType: z.string().nullish().catch(null),
    FunctionRights: z.array(z.unknown()).nullish().catch(null),
  }),
)

/** Our user, and its database. */
export interface Principal {
  /** The writer of our own writes; distinguishes their echoes from people's acts. */
  readonly associateId: number
  readonly databaseContextIdentifier: string | null
  /** {@link SYSTEM_USER} for a system user. */
  readonly userType: string | null
  /** As far as given; entries that are no names are left out. */
  readonly functionRights: readonly string[]
}

/**
 * Type of a user that was created for one application in one tenant: nobody can sign in as it, and no rights limit it.
 */
export const SYSTEM_USER = 'SystemAssociate'

/** The cheapest proof of our user and database (docs/wire-superoffice.md, 2.1). @throws UpstreamError, AppError */
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
    // An empty text counts as none.
    databaseContextIdentifier: body.DatabaseContextIdentifier || null,
    userType: body.UserType || null,
    functionRights: (body.FunctionRights ?? []).filter((right) => typeof right === 'string'),
  }
}

/**
 * Requires the user and the database of set-up.
 * @param contextIdentifier how the database must identify itself; null if unknown.
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
 * or last writers is valid there, so nothing may be written. Not retryable.
 */
function wrongEnvironment(what: 'database' | 'user'): UpstreamError {
  return superOfficeFailure(
    'upstream_auth_failed',
    'GET /User/currentPrincipal',
    `another ${what} answers than the one that was set up`,
    what === 'database' ? 'wrong_organization' : 'wrong_user',
  )
}
