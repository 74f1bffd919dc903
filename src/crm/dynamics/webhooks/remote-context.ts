import { z } from 'zod'
import { jsonOrUndefined, SMALL_ANSWER } from '../../../http/index.js'

/**
 * What Dataverse posts, as far as it is used (docs/wire-dataverse.md, 11.2): ids, and the toggles of the Target.
 * Everything else is dropped here, personal data above all.
 */
const attribute = z.object({ key: z.string(), value: z.unknown().optional() })
const attributes = z.array(attribute).catch([])
const entity = z.object({ Attributes: attributes })
const keyed = z
  .array(z.object({ key: z.string(), value: z.unknown().optional() }))
  .nullish()
  .catch([])

const remoteContext = z.object({
  OrganizationId: z.guid(),
  PrimaryEntityId: z.guid(),
  PrimaryEntityName: z.string(),
  InitiatingUserId: z.guid().nullish().catch(null),
  OperationId: z.guid().nullish().catch(null),
  // Absent above 256 KB.
  InputParameters: keyed,
  PostEntityImages: keyed,
})

/** The attributes of an event by name. */
export type Attributes = ReadonlyMap<string, unknown>

/** An event, reduced. */
export interface RemoteEvent {
  readonly organizationId: string
  readonly entityId: string
  readonly entityName: string
  readonly initiatingUserId: string | null
  readonly operationId: string | null
  /** Only the columns of this very change. */
  readonly target: Attributes
  /** Columns after the change, where a step has an image. */
  readonly image: Attributes
}

/** Reads a body; null where it is not what Dataverse posts. */
export function readRemoteEvent(body: Buffer): RemoteEvent | null {
  const result = remoteContext.safeParse(
    jsonOrUndefined(body.toString('utf8'), SMALL_ANSWER.elements),
  )
  if (!result.success) {
    return null
  }
  const event = result.data
  return {
    organizationId: event.OrganizationId.toLowerCase(),
    entityId: event.PrimaryEntityId.toLowerCase(),
    entityName: event.PrimaryEntityName,
    initiatingUserId: event.InitiatingUserId?.toLowerCase() ?? null,
    operationId: event.OperationId?.toLowerCase() ?? null,
    target: attributesOf((event.InputParameters ?? []).filter(({ key }) => key === 'Target')),
    image: attributesOf(event.PostEntityImages ?? []),
  }
}

function attributesOf(entities: readonly { value?: unknown }[]): Attributes {
  const pairs = entities.flatMap(({ value }) => {
    const parsed = entity.safeParse(value)
    return parsed.success ? parsed.data.Attributes : []
  })
  return new Map(pairs.map(({ key, value }) => [key, value]))
}
