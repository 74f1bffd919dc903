import { DECISIONS } from '../domain/transitions.js'
import type { LifecycleRequest, PauseInput } from './lifecycle-activities.js'
import { INBOX_SHARDS } from './names.js'
import type {
  ActionMeaning,
  DisconnectInput,
  SetupInput,
  SetupIntervention,
  SetupOverride,
} from './setup.js'
import {
  fault,
  flag,
  invalid,
  list,
  object,
  oneOf,
  optional,
  orNull,
  text,
  utcTime,
  wholeNumber,
  words,
  type Schema,
} from './schema.js'
import type { MembersReference } from './sync-activities.js'

/**
 * The input of each workflow and of each message, with its schema. The sender and the workflow's entry both check it. A
 * pre-send's request is in `pre-send-request.ts`.
 */

export const CONNECTION_ID = /^[a-z0-9-]{3,64}$/
/** {@link CONNECTION_ID} as text for messages. */
export const CONNECTION_ID_WORDS = 'must be 3 to 64 of a–z, 0–9 and "-"'

export const connectionId = text(CONNECTION_ID, CONNECTION_ID_WORDS)

export const accountId = text(
  /^[A-Za-z0-9_-]{1,64}$/,
  'must be 1 to 64 letters, digits, "-" and "_"',
  'must be text, in quotes',
)

/** Input of `backgroundSweep` and `sweepRun`. */
export interface SweepInput {
  readonly connectionId: string
}
export const sweepInput = object<SweepInput>({ connectionId })

/** Input of `contactInbox`: one shard of a connection's inbox. */
export interface ContactInboxInput {
  readonly connectionId: string
  readonly shard: number
}
export const contactInboxInput = object<ContactInboxInput>({
  connectionId,
  shard: wholeNumber(0, INBOX_SHARDS - 1),
})

/** Addresses per resync: about 40 KB, far below the 2 MB above which a workflow is stuck. */
export const MAX_ADDRESS_IDS = 5_000

/** Input of `resync`. It names people by their ledger ids only. */
export interface ResyncInput {
  readonly connectionId: string
  /** Ledger ids of addresses; null or absent: everybody. */
  readonly addressIds?: readonly number[] | null
  /** Reads and decides, but does not write. */
  readonly dryRun?: boolean
}
export const resyncInput = object<ResyncInput>({
  connectionId,
  addressIds: optional(
    orNull(list(wholeNumber(1, Number.MAX_SAFE_INTEGER), { least: 1, most: MAX_ADDRESS_IDS })),
  ),
  dryRun: optional(flag),
})

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const uuid = text(UUID, 'must be a UUID')
/** Bound of positions and shard size; larger than any audience. */
const MAX_POSITION = 16_000_000
const MAX_SHARD = 1_000_000

/** Input of `forceSync`, a child of `preSend`: a shard of a sendout's targeted contacts. */
export interface ForceSyncInput extends MembersReference {
  readonly crm: string
  /** Unix ms; no try continues after it. Absent: `forceSync` sets its own limit. */
  readonly deadlineMs?: number
  /** How many of the contacts may have something to sync, about; 0: none has. Absent: everybody may. */
  readonly open?: number
}
export const forceSyncInput = object<ForceSyncInput>(
  {
    sendoutRunId: uuid,
    connectionId: text(/^[A-Za-z0-9_-]{3,80}$/, 'must be the id of a connection'),
    runId: uuid,
    crm: text(/^[\w-]{1,64}$/, 'must be the name of a CRM'),
    proof: oneOf(['delta', 'direct', 'emarketeerOnly']),
    from: wholeNumber(0, MAX_POSITION),
    to: wholeNumber(0, MAX_POSITION),
    deadlineMs: optional(wholeNumber(0, Date.UTC(2200, 0))),
    open: optional(wholeNumber(0, MAX_POSITION)),
  },
  ({ from, to }) => {
    const size = Number(to) - Number(from)
    return size < 0 || size > MAX_SHARD
      ? [invalid(['to'], `must be 0 to ${MAX_SHARD} beyond from`, to)]
      : []
  },
)

/** Who requests it and why; stored as evidence. */
const evidence = { reason: words, by: words }

/** Input of `resumeConnection`. */
export const resumeInput: Schema<LifecycleRequest> = object<LifecycleRequest>({
  connectionId,
  ...evidence,
})
/** Input of `rotateWebhooks`. */
export const rotateWebhooksInput: Schema<LifecycleRequest> = object<LifecycleRequest>({
  connectionId,
  ...evidence,
})
/** Input of `pauseConnection`. */
export const pauseInput = object<PauseInput>({
  connectionId,
  ...evidence,
  mode: oneOf(['all', 'loosening']),
})
/** Only a run that continues as new may pass state; the workflow checks it. */
const CARRIED = { mayLack: true, faultsOf: () => [] } as const

/** Input of `disconnect`, with the state that runs pass on. */
export interface DisconnectStart extends DisconnectInput {
  readonly carried?: unknown
}
/** Input of `disconnect`. Only `true` removes an installation, never a text. */
export const disconnectInput = object<DisconnectStart>({
  connectionId,
  ...evidence,
  removeInstalled: flag,
  carried: CARRIED,
})

/** Input of `connectionSetup`, `dynamicsSetup` and `superOfficeSetup`, with the state that runs pass on. */
export interface SetupStart extends SetupInput {
  readonly carried?: unknown
}
export const setupInput = object<SetupStart>({
  connectionId,
  dryRun: optional(flag),
  carried: CARRIED,
})

/** Signals `pause` and `resume` of a set-up. */
export const interventionMessage = object<SetupIntervention>(evidence)
/** The part of an action's meaning against which its message is judged. */
export type ActionFields = Readonly<
  Record<string, Pick<ActionMeaning, 'needs' | 'keeps' | 'forgets'>>
>

/**
 * Signal and update `override` of a set-up or a disconnect.
 * @param actions the CRM's own, in addition to those of every CRM.
 */
export function overrideMessage(actions: ActionFields): Schema<SetupOverride> {
  const fields = Object.values(actions).flatMap(({ needs, keeps }) => [needs, keeps])
  const values = fields.flatMap((field) =>
    field === undefined ? [] : [[field, optional(words)] as const],
  )
  return object<SetupOverride>(
    {
      ...Object.fromEntries(values),
      step: words,
      action: oneOf([...Object.keys(DECISIONS), ...Object.keys(actions)]),
      ...evidence,
    },
    (message) => {
      const action = String(message['action'])
      const need = Object.hasOwn(actions, action) ? actions[action]?.needs : undefined
      return need === undefined || message[need] !== undefined
        ? []
        : [fault('value_missing', [need], `is missing: ${action} needs it`, undefined)]
    },
  )
}

/** The account to which the pre-send belongs according to the sender; absent: any. */
const steering = { accountId: optional(accountId) }

/** Update `abort` of a pre-send. */
export interface AbortPreSend {
  readonly reason: string
  readonly by: string
  readonly accountId?: string
}
export const abortMessage = object<AbortPreSend>({ ...evidence, ...steering })

/** Update `reschedule` of a pre-send. Without a deadline, or with null: 30 minutes after the start. */
export interface ReschedulePreSend {
  readonly startAt: string
  readonly deadline?: string | null
  readonly accountId?: string
}
export const rescheduleMessage = object<ReschedulePreSend>({
  ...steering,
  startAt: utcTime,
  deadline: optional(orNull(utcTime)),
})
