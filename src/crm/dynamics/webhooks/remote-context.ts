import { z } from 'zod'
import { answer, entries, part, readRecords, readSmallText } from '../../../http/index.js'

/**
 * What Dataverse posts, as far as it is used (docs/wire-dataverse.md, 11.2): ids, and the toggles of the Target.
 * Everything else is dropped here, personal data above all.
 */
const list = entries.nullish().catch(null)
const remoteContext = answer(
  { name: 'dynamics.event', operation: 'POST /hooks/crm/{ref}', lossUnit: 'call' },
  part({
    OrganizationId: z.guid(),
    PrimaryEntityId: z.guid(),
    PrimaryEntityName: z.string(),
    InitiatingUserId: z.guid().nullish().catch(null),
    OperationId: z.guid().nullish().catch(null),
    // Absent above 256 KB.
    InputParameters: list,
    PostEntityImages: list,
  }),
)
const keyed = answer(
  { name: 'dynamics.eventEntry', operation: 'POST /hooks/crm/{ref}', lossUnit: 'record' },
  part({ key: z.string(), value: z.unknown().optional() }),
)

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
  const event = readSmallText(remoteContext, body)
  if (event === null) {
    return null
  }
  const parameters = readRecords(keyed, event.InputParameters ?? [], undefined)
  return {
    organizationId: event.OrganizationId.toLowerCase(),
    entityId: event.PrimaryEntityId.toLowerCase(),
    entityName: event.PrimaryEntityName,
    initiatingUserId: event.InitiatingUserId?.toLowerCase() ?? null,
    operationId: event.OperationId?.toLowerCase() ?? null,
    target: attributesOf(parameters.filter(({ key }) => key === 'Target')),
    image: attributesOf(readRecords(keyed, event.PostEntityImages ?? [], undefined)),
  }
}

function attributesOf(entities: readonly { value?: unknown }[]): Attributes {
  const pairs = entities.flatMap(({ value }) => {
    const told = (value as { Attributes?: unknown } | null | undefined)?.Attributes
    return readRecords(keyed, Array.isArray(told) ? told : [], undefined)
  })
  return new Map(pairs.map(({ key, value }) => [key, value]))
}
