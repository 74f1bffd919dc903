import { z } from 'zod'
import { answer, part } from '../../../http/index.js'
import type { ArchiveRow } from '../wire/values.js'
import { normalizeRows } from '../wire/values.js'

/** More are never asked for at once: so many only where one record alone fills a shorter page. */
export const MAX_PAGE_ROWS = 64_000

/** What an archive answers. A missing next link is one at the end, like null. */
export const archiveAnswer = answer(
  { name: 'superoffice.archivePage', operation: 'GET /Archive/{provider}', lossUnit: 'page' },
  part({
    'odata.nextLink': z.string().nullish(),
    // Values are judged where they are used: a record of zod's looks at each of thousands of them to say nothing of it.
    value: z.array(z.unknown()).max(MAX_PAGE_ROWS),
  }),
)

/** A page of rows, and the query of the one after it where the server says that there is one. */
export interface ArchivePage {
  readonly rows: readonly ArchiveRow[]
  readonly nextQuery: string | null
}

/**
 * Reads an answer. Of a next link only the query is kept: behind a reverse proxy its host is an inner one
 * (docs/wire-superoffice.md, 2.3).
 */
export function toArchivePage(body: z.output<typeof archiveAnswer.schema>): ArchivePage {
  const link = body['odata.nextLink'] ?? ''
  const at = link.indexOf('?')
  return {
    rows: normalizeRows(body.value),
    nextQuery: at === -1 ? null : link.slice(at + 1),
  }
}
