import { z } from 'zod'

const count = z.int().nonnegative()

/** Undocumented differences between installations, and administrators' settings. */
export const switchesSchema = z.strictObject({
  /** `updatedCount` of a row that was only inserted. */
  firstUpdatedCount: z.union([z.literal(0), z.literal(1)]),
  /** `updated` of a row that was only inserted: year 1, or equal to `registered`. */
  updatedOnInsert: z.enum(['yearOne', 'registered']),
  /** A write of equal values: a write like any other, or skipped by the server. */
  equalWrite: z.enum(['counted', 'skipped']),
  /** Saving a person's card counts as a write of its consent rows. */
  saveTouchesConsent: z.boolean(),
  /** A change of E-marketing, which moves the person's own date, also raises `person.changed`. */
  consentRaisesChanged: z.boolean(),
  /** New persons get the purpose STORE with legitimate interest. */
  storeDefault: z.boolean(),
  /** `DELETE Person/{id}/Consent/{key}`: deletes the row, or marks it as withdrawn. */
  deleteConsent: z.enum(['deletes', 'withdraws']),
  /** The agent DatabaseTable: available, 403, or 404. */
  upsert: z.enum(['available', 'forbidden', 'absent']),
  /** Upsert raises `updatedCount` and stamps `updated` and the associate. */
  upsertStamps: z.boolean(),
  /** The Webhook agent: granted, 403, or (older server) 404. */
  webhookAgent: z.enum(['granted', 'forbidden', 'absent']),
  /** The functional right "Can update consent for contact". */
  consentRight: z.boolean(),
  /** Content of `currentPrincipal`'s list; the right's name on the wire is not documented. */
  functionRights: z.array(z.string()),
  /** Deleted list items appear with `Deleted: true`, or not at all. */
  deletedItems: z.enum(['shown', 'hidden']),
  /** `table.column` hidden from the API's user: 400 as an unknown column. */
  hiddenColumns: z.array(z.string()),
  /** Status of a query that an archive refuses; not documented. Either has an `ErrorType`. */
  refusedQuery: z.union([z.literal(400), z.literal(500)]),
  /** Columns that refer to an associate, in archive `dynamic`: integers, or of the restriction type `associate`. */
  associateColumns: z.enum(['int', 'associate']),
  /** Soft-deleted persons in archive Person: left out, or listed with `personDeletedDate`. */
  deletedPersons: z.enum(['hidden', 'listed']),
  /**
   * Minutes by which the base time zone is ahead of UTC. Times in filters are in it, unless `SO-TimeZone` names
   * another.
   */
  baseTimeZoneMinutes: z.int(),
  /**
   * How a time in a filter is compared: as a moment (`moment`), or, according to some sources, with stamps in UTC as if
   * they were in the base time zone (`shifted`), so that a header that names UTC shifts it.
   */
  filterTimes: z.enum(['moment', 'shifted']),
  /** `POST Archive/{provider}` exists; else 405. */
  archivePost: z.boolean(),
  /** Rows of archive Person when the address is only selected. */
  personEmailRows: z.enum(['each', 'primary']),
  /** The form of the last page. */
  lastPage: z.enum(['nextLinkNull', 'nextLinkAbsent']),
  /** Rows per page without `$top`, and the maximum. */
  defaultTop: z.int().positive(),
  maxTop: z.int().positive(),
  /** Longest query string of a GET, bytes; longer is an HTML 404.15. */
  maxQueryBytes: count,
  /** Suffix of dates under `includeTZOffset`. */
  zoneSuffix: z.enum(['Z', '+00:00']),
  /** Limit of concurrent requests: 429 with Retry-After above it. 0: no limit. */
  maxConcurrent: count,
  /** Added to every API request. */
  latencyMs: count,
  /** Life of a ticket, sliding on use, seconds. */
  ticketSeconds: z.number().positive(),
  /** The sign-in's answer. `badKey` signs with an unpublished key, `notJwt` is not a JWT. */
  signIn: z.enum(['valid', 'wrongIssuer', 'wrongAudience', 'badKey', 'notJwt']),
})

export type Switches = z.output<typeof switchesSchema>

/** Today's Online service, as far as known. */
export const DEFAULT_SWITCHES: Switches = {
  firstUpdatedCount: 0,
  updatedOnInsert: 'yearOne',
  equalWrite: 'counted',
  saveTouchesConsent: false,
  consentRaisesChanged: false,
  storeDefault: true,
  deleteConsent: 'withdraws',
  upsert: 'available',
  upsertStamps: true,
  webhookAgent: 'granted',
  consentRight: true,
  functionRights: [],
  deletedItems: 'shown',
  hiddenColumns: [],
  refusedQuery: 400,
  associateColumns: 'int',
  deletedPersons: 'hidden',
  baseTimeZoneMinutes: 60,
  filterTimes: 'moment',
  archivePost: true,
  personEmailRows: 'each',
  lastPage: 'nextLinkNull',
  defaultTop: 50,
  maxTop: 10_000,
  maxQueryBytes: 2048,
  zoneSuffix: 'Z',
  maxConcurrent: 0,
  latencyMs: 0,
  ticketSeconds: 6 * 3600,
  signIn: 'valid',
}
