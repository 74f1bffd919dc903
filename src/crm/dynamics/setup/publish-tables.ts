import type { CallContext } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'

/**
 * Publishes these tables and nobody else's drafts (docs/wire-dataverse.md, 9.6). Takes up to two minutes and holds the
 * organisation's customization lock. @throws UpstreamError
 */
export async function publishTables(
  client: DataverseClient,
  tables: readonly string[],
  context: CallContext,
): Promise<void> {
  const entities = tables.map((table) => `<entity>${table}</entity>`).join('')
  await client.text(
    {
      method: 'POST',
      path: 'PublishXml',
      operation: 'POST /PublishXml',
      name: 'setup.publish',
      effect: 'write',
      json: {
        ParameterXml: `<importexportxml><entities>${entities}</entities></importexportxml>`,
      },
      requestTimeoutMs: 240_000,
    },
    context,
  )
}
