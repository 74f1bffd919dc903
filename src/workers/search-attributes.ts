import type { Connection } from '@temporalio/client'
import proto from '@temporalio/proto'
import { AppError } from '../contracts/app-error.js'
import { SEARCH_ATTRIBUTES } from '../contracts/names.js'
import { temporalFailureOf } from '../contracts/temporal-failure.js'
import { logger } from '../telemetry/logger.js'

const log = logger('worker')
// The package is CommonJS: its names are only on the default export.
const { IndexedValueType } = proto.temporal.api.enums.v1
const KEYWORD = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD

/** gRPC status codes of a server that denies operator calls: permission denied, and not implemented. */
const CLOSED: ReadonlySet<unknown> = new Set([7, 12])

/** Which of our workflows' search attributes a namespace has. */
export interface SearchAttributeState {
  /** null: the server does not say (Temporal Cloud). */
  readonly missing: readonly string[] | null
}

/**
 * Reads the namespace's search attributes.
 * @throws AppError `search_attribute_unfit` if one has another type; `temporal_unreachable`.
 */
export async function lookAtSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<SearchAttributeState> {
  const { customAttributes } = await connection.operatorService
    .listSearchAttributes({ namespace })
    .catch((error: unknown) => {
      if (CLOSED.has((error as { code?: unknown }).code)) {
        return { customAttributes: null }
      }
      throw temporalFailureOf(error, { namespace }) ?? error
    })
  if (!customAttributes) {
    return { missing: null }
  }
  for (const name of SEARCH_ATTRIBUTES) {
    const type = customAttributes[name]
    if (type !== undefined && type !== KEYWORD) {
      throw unfit(name, namespace, `is of type ${nameOf(type)}, and must be Keyword`)
    }
  }
  return { missing: SEARCH_ATTRIBUTES.filter((name) => !(name in customAttributes)) }
}

/**
 * Registers the search attributes that our workflows set; without them every workflow task would fail forever. Safe to
 * repeat. If the server denies it (Temporal Cloud), an operator does it once: docs/temporal-cli.md.
 * @throws AppError `search_attribute_unfit` if one has another type, or the namespace accepts no more.
 */
export async function registerSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<void> {
  const { missing } = await lookAtSearchAttributes(connection, namespace)
  if (missing === null) {
    log.warn({ namespace }, 'the search attributes cannot be looked at; they have to be there')
    return
  }
  if (missing.length === 0) {
    return
  }
  log.info({ codes: missing }, 'registering search attributes')
  await connection.operatorService
    .addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    })
    .catch((error: unknown) => {
      const failure = temporalFailureOf(error, { namespace })
      const refused = CLOSED.has((error as { code?: unknown }).code)
      // The limit is recognised by exclusion, because different kinds of server report it with different statuses.
      throw failure !== null && !refused && failure.path === 'TEMPORAL_ADDRESS'
        ? failure
        : unfit(missing.join(', '), namespace, refused ? MAY_NOT : TAKES_NO_MORE, error)
    })
}

const MAY_NOT = 'is missing, and we may not register it'
const TAKES_NO_MORE =
  'is missing, and the server did not register it (the namespace may hold as many as it takes)'

function unfit(name: string, namespace: string, what: string, cause?: unknown): AppError {
  return new AppError('search_attribute_unfit', `${name} in the namespace ${namespace} ${what}.`, {
    path: 'TEMPORAL_NAMESPACE',
    value: name,
    cause,
  })
}

/** `INDEXED_VALUE_TYPE_TEXT` in the command line's spelling: `Text`. */
function nameOf(type: number): string {
  const word = (IndexedValueType[type] ?? 'another')
    .replace('INDEXED_VALUE_TYPE_', '')
    .toLowerCase()
  return word.charAt(0).toUpperCase() + word.slice(1)
}
