/**
 * The allow-list of a log line's fields, which is the first defence against personal data in logs. A field that is not
 * listed is dropped and counted. Add a new one here deliberately, with its shape.
 */

/** Short identifiers and words of our own vocabulary; never what a person typed (reasons, names, notes). */
const TEXT_FIELDS = [
  'accountId',
  'activityId',
  'activityType',
  'batchId',
  'buildId',
  'campaignId',
  'code',
  'commit',
  'component',
  'componentId',
  'connectionId',
  'contactId',
  'correlationId',
  'crm',
  'deadline',
  'direction',
  'endpoint',
  'entity',
  'entityId',
  'errorCode',
  'eventId',
  'identity',
  'jobId',
  'leaseId',
  'method',
  'migration',
  'mode',
  'namespace',
  'operation',
  'outcome',
  'path',
  'phase',
  'priority',
  'purpose',
  'queue',
  'queryType',
  'requestId',
  'role',
  'route',
  'rule',
  'runId',
  'sdkComponent',
  'sendoutId',
  'signal',
  'stage',
  'startAt',
  'state',
  'step',
  'system',
  'taskQueue',
  'tier',
  'trigger',
  'upstreamCode',
  'verifiedAsOf',
  'version',
  'workflowId',
  'workflowType',
] as const

/** Numbers other than durations (which end in `Ms`) and counts (which end in `Count`). */
const NUMBER_FIELDS = [
  'attempt',
  'batch',
  'bytes',
  'categories',
  'concurrency',
  'conflicts',
  'contacts',
  'count',
  'created',
  'deleted',
  'duplicates',
  'eligible',
  'failed',
  'held',
  'httpStatus',
  'page',
  'pages',
  'percent',
  'pid',
  'port',
  'read',
  'requests',
  'rows',
  'shard',
  'shards',
  'size',
  'skipped',
  'status',
  'synced',
  'targeted',
  'total',
  'unmatched',
  'updated',
  'written',
] as const

/** Booleans. */
const FLAG_FIELDS = ['baseline', 'complete', 'dryRun', 'isLocal', 'retryable'] as const

/** Maps from a word to a number, such as `{ notVerified: 2 }`. */
const COUNTS_FIELDS = ['counts', 'excluded', 'writes'] as const

/** Lists of words of our own vocabulary. */
const LIST_FIELDS = ['codes', 'queues', 'steps'] as const

/** The shape of a known field. */
export type FieldShape = 'text' | 'number' | 'flag' | 'counts' | 'list' | 'error'

const SHAPES: ReadonlyMap<string, FieldShape> = new Map<string, FieldShape>([
  ...TEXT_FIELDS.map((name) => [name, 'text'] as const),
  ...NUMBER_FIELDS.map((name) => [name, 'number'] as const),
  ...FLAG_FIELDS.map((name) => [name, 'flag'] as const),
  ...COUNTS_FIELDS.map((name) => [name, 'counts'] as const),
  ...LIST_FIELDS.map((name) => [name, 'list'] as const),
  ['err', 'error'],
])

/** Names of durations and counts may start with any word, because a number cannot contain an address. */
const MEASURE = /^[a-z][A-Za-z]{0,60}(?:Ms|Count)$/

/** @returns the shape of a field, or undefined if it may not be logged. */
export function shapeOf(field: string): FieldShape | undefined {
  return SHAPES.get(field) ?? (MEASURE.test(field) ? 'number' : undefined)
}

type Optional<Names extends string, Value> = {
  readonly [Name in Names]?: Value | null | undefined
}

/** The fields that a log line may have in addition to its message. `err` takes anything caught. */
export type LogFields = Optional<(typeof TEXT_FIELDS)[number], string> &
  Optional<(typeof NUMBER_FIELDS)[number] | `${string}Ms` | `${string}Count`, number> &
  Optional<(typeof FLAG_FIELDS)[number], boolean> &
  Optional<(typeof COUNTS_FIELDS)[number], Readonly<Record<string, number>>> &
  Optional<(typeof LIST_FIELDS)[number], readonly string[]> & { readonly err?: unknown }
