import type { Connection } from '@temporalio/client'
import { temporal } from '@temporalio/proto'
import { SEARCH_ATTRIBUTES } from '../../src/contracts/names.js'

const retryMs = 50
const attempts = 600

/**
 * Registers our search attributes in a namespace, and waits until it accepts queries by them. Without them a workflow's
 * task fails forever, and a test with skipped time hangs. A given server may take some seconds to see a new namespace.
 */
export async function registerSearchAttributes(
  connection: Pick<Connection, 'operatorService'>,
  namespace: string,
): Promise<void> {
  const keyword = temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
  const searchAttributes = Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, keyword]))
  for (let attempt = 1; ; attempt++) {
    try {
      await connection.operatorService.addSearchAttributes({ namespace, searchAttributes })
      return
    } catch (error) {
      if (attempt === attempts) {
        throw error
      }
      await new Promise((resolve) => setTimeout(resolve, retryMs))
    }
  }
}
