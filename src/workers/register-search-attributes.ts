import type { Connection } from '@temporalio/client'
import proto from '@temporalio/proto'
import { SEARCH_ATTRIBUTES } from '../contracts/names.js'
import { logger } from '../telemetry/logger.js'

const log = logger('worker')
// The package is CommonJS: its names are only on the default export.
const { INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType

/**
 * Registers the search attributes that our workflows set; without them every workflow task would fail for ever. Safe
 * to repeat. Where the server does not let us (Temporal Cloud), an operator does it once: docs/temporal-cli.md.
 */
export async function registerSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace })
  const missing = SEARCH_ATTRIBUTES.filter((name) => !(name in (customAttributes ?? {})))
  if (missing.length === 0) {
    return
  }
  log.info({ codes: missing }, 'registering search attributes')
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(missing.map((name) => [name, INDEXED_VALUE_TYPE_KEYWORD])),
  })
}
