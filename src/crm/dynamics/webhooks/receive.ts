import { readAddressField } from '../../../domain/email-address.js'
import type { OwnWrite } from '../../../domain/own-echo.js'
import type {
  CrmFacts,
  CrmWebhookHint,
  HeaderVerdict,
  WebhookRequest,
  WebhookVerdict,
} from '../../crm.js'
import { type DynamicsFacts, readFacts } from '../facts.js'
import { SUBSCRIPTIONS_TABLE } from '../names.js'
import { ADDRESS_COLUMNS } from '../reading/rows.js'
import { isGuid } from '../wire/odata.js'
import { hasHash, SECRET_HEADER } from './secret.js'
import { z } from 'zod'
import { answer, entries, part, readRecords, readSmallText } from '../../../http/index.js'

/**
 * Judges a webhook (docs/wire-dataverse.md, 11.2): first the secret, before the body is read, then the organisation.
 * Events of other tables are accepted without a hint.
 */
export function receiveWebhook(request: WebhookRequest, storedFacts: CrmFacts): WebhookVerdict {
  const facts = readFacts(storedFacts)
  if (!isFromOurStep(request, facts)) {
    return { accepted: false, code: 'webhook_unauthorized' }
  }
  const event = readRemoteEvent(request.body)
  if (event === null) {
    return { accepted: false, code: 'webhook_malformed' }
  }
  if (event.organizationId !== facts.organization?.organizationId.toLowerCase()) {
    return { accepted: false, code: 'webhook_wrong_organization' }
  }
  return { accepted: true, hints: hintsOf(event, facts.organization.userId) }
}

/** Judges by the secret in a header, so that only bodies of our own steps are read. */
export function judgeWebhookHeaders(
  headers: WebhookRequest['headers'],
  storedFacts: CrmFacts,
): HeaderVerdict {
  return isFromOurStep({ headers }, readFacts(storedFacts)) ? 'proven' : 'refused'
}

function isFromOurStep(
  { headers }: Pick<WebhookRequest, 'headers'>,
  { webhook }: DynamicsFacts,
): boolean {
  const secret = headers[SECRET_HEADER]
  return (
    secret !== undefined &&
    webhook !== undefined &&
    hasHash(secret, [
      webhook.secretHash,
      webhook.previousSecretHash,
      ...(webhook.triedSecretHashes ?? []),
    ])
  )
}

/** @param ownUserId our application user: what it writes is nobody's act. */
function hintsOf(event: RemoteEvent, ownUserId: string): CrmWebhookHint[] {
  const { entityId, entityName, target, image, operationId } = event
  const byUs = event.initiatingUserId === ownUserId.toLowerCase()
  const common = { entityId, eventId: operationId }
  if (entityName === 'contact') {
    const ownWrite = ownWriteOf(event, ownUserId, CONTACT_TOGGLE)
    const addresses = ADDRESS_COLUMNS.flatMap((column) => keysIn(target.get(column)))
    return [
      {
        ...common,
        entity: 'contact',
        contactId: entityId,
        // The user of an update without the toggle did not change the toggle.
        actorUserId: target.has('donotbulkemail') && !byUs ? event.initiatingUserId : null,
        saysDeny: ownWrite === null && target.get('donotbulkemail') === true,
        ...(addresses.length === 0 ? {} : { addresses }),
        ...(ownWrite === null ? {} : { ownWrite }),
      },
    ]
  }
  if (entityName === SUBSCRIPTIONS_TABLE) {
    const ownWrite = ownWriteOf(event, ownUserId, SUBSCRIPTION_TOGGLE)
    return [
      {
        ...common,
        entity: 'subscription',
        contactId: referenceId(target.get('em_contact')) ?? referenceId(image.get('em_contact')),
        actorUserId: target.has('em_subscribed') && !byUs ? event.initiatingUserId : null,
        saysDeny: ownWrite === null && target.get('em_subscribed') === false,
        ...(ownWrite === null ? {} : { ownWrite }),
      },
    ]
  }
  return []
}

/** A toggle that we write, by the logical names that events use. */
interface Toggle {
  readonly column: string
  /** The value that denies. */
  readonly deny: boolean
  /** The other columns of our copy, which our updates never carry. */
  readonly others: readonly string[]
  /** Whether we create rows of this table. */
  readonly creates: boolean
}

const CONTACT_TOGGLE: Toggle = {
  column: 'donotbulkemail',
  deny: true,
  others: [...ADDRESS_COLUMNS, 'statecode', 'merged', 'masterid'],
  creates: false,
}

const SUBSCRIPTION_TOGGLE: Toggle = {
  column: 'em_subscribed',
  deny: false,
  others: ['em_contact', 'em_category', 'em_rowkey', 'statecode'],
  creates: true,
}

/**
 * The value of an event that may be the echo of our own write (docs/wire-dataverse.md, 11.2): every user in it is ours,
 * no plug-in caused it (`Depth` 1), and it carries exactly what our writes carry. Pure.
 * @returns null: it is not an echo, and its content counts as a person's act.
 */
function ownWriteOf(
  { message, depth, initiatingUserId, userId, target }: RemoteEvent,
  ownUserId: string,
  toggle: Toggle,
): OwnWrite | null {
  const own = ownUserId.toLowerCase()
  const value = target.get(toggle.column)
  const creates = message === 'Create' && toggle.creates
  const isShaped =
    creates || (message === 'Update' && !toggle.others.some((column) => target.has(column)))
  return initiatingUserId === own &&
    userId === own &&
    depth === 1 &&
    typeof value === 'boolean' &&
    isShaped
    ? { value: value === toggle.deny ? 'deny' : 'allow', creates }
    : null
}

/** Keys of all addresses in a field: a deny counts there even if the field links nobody (rule A). */
function keysIn(value: unknown): readonly string[] {
  if (typeof value !== 'string') {
    return []
  }
  const { key, found } = readAddressField(value)
  return key === null ? found : [key]
}

/** The id of an EntityReference. */
function referenceId(value: unknown): string | null {
  const id = (value as { Id?: unknown } | null | undefined)?.Id
  return isGuid(id) ? id.toLowerCase() : null
}

/**
 * What Dataverse posts, as far as it is used (docs/wire-dataverse.md, 11.2): ids, and the toggles of the Target.
 * Everything else is dropped here, above all personal data.
 */
const list = entries.nullish().catch(null)
const remoteContext = answer(
  { name: 'dynamics.event', operation: 'POST /hooks/crm/{ref}', lossUnit: 'call' },
  part({
    OrganizationId: z.guid(),
    PrimaryEntityId: z.guid(),
    PrimaryEntityName: z.string(),
    MessageName: z.string().nullish().catch(null),
    Depth: z.number().nullish().catch(null),
    InitiatingUserId: z.guid().nullish().catch(null),
    UserId: z.guid().nullish().catch(null),
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
  readonly message: string | null
  /** 1: a call to the API or in the app; more: an action of a plug-in or a workflow after such a call. */
  readonly depth: number | null
  readonly initiatingUserId: string | null
  /** The user that it ran as. */
  readonly userId: string | null
  readonly operationId: string | null
  /** Only the changed columns. */
  readonly target: Attributes
  /** Columns after the change, if the step has an image. */
  readonly image: Attributes
}

/** Reads a body; null if it is not an event of Dataverse. */
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
    message: event.MessageName ?? null,
    depth: event.Depth ?? null,
    initiatingUserId: event.InitiatingUserId?.toLowerCase() ?? null,
    userId: event.UserId?.toLowerCase() ?? null,
    operationId: event.OperationId?.toLowerCase() ?? null,
    target: attributesOf(parameters.filter(({ key }) => key === 'Target')),
    image: attributesOf(readRecords(keyed, event.PostEntityImages ?? [], undefined)),
  }
}

function attributesOf(entities: readonly { value?: unknown }[]): Attributes {
  const pairs = entities.flatMap(({ value }) => {
    const attributes = (value as { Attributes?: unknown } | null | undefined)?.Attributes
    return readRecords(keyed, Array.isArray(attributes) ? attributes : [], undefined)
  })
  return new Map(pairs.map(({ key, value }) => [key, value]))
}
