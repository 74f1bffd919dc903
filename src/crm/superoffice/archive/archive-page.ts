import { z } from 'zod'
import type { ArchiveRow } from '../wire/values.js'
import { normalizeRow } from '../wire/values.js'

/** What an archive answers. A missing next link is one at the end, like null. */
export const archiveAnswer = z.looseObject({
  'odata.nextLink': z.string().nullish(),
  value: z.array(z.record(z.string(), z.unknown())),
})

/** A page of rows, and the query of the one after it where the server says that there is one. */
export interface ArchivePage {
  readonly rows: readonly ArchiveRow[]
  readonly nextQuery: string | null
}

/**
 * Reads an answer. Of a next link only the query is kept: behind a reverse proxy its host is an inner one
 * (docs/wire-superoffice.md, 2.3).
 */
export function toArchivePage(body: z.output<typeof archiveAnswer>): ArchivePage {
  const link = body['odata.nextLink'] ?? ''
  const at = link.indexOf('?')
  return {
    rows: body.value.map(normalizeRow),
    nextQuery: at === -1 ? null : link.slice(at + 1),
  }
}
