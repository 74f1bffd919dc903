import { closedColumns } from '../../reading/column-access.js'
import { CONTACT_USE } from '../../reading/table-uses.js'
import { whoAmI } from '../../who-am-i.js'
import { checkStep } from '../../../own-step.js'
import type { DynamicsCrm } from '../../session.js'
import { missingPrivileges, type NeededPrivilege } from '../privileges/missing-privileges.js'
import { privilegeMissing } from '../pauses.js'

const AT_RUN_TIME: readonly NeededPrivilege[] = ['prvReadContact', 'prvWriteContact'].map(
  (name) => ({
    name,
    global: true,
    certain: true,
  }),
)

/** The names are not verified (docs/wire-dataverse.md, 5). If one is wrong, the call itself is refused with 403. */
const FOR_WEBHOOKS = duringSetup([
  'prvReadEntity',
  'prvCreateServiceEndpoint',
  'prvWriteServiceEndpoint',
  'prvCreateSdkMessageProcessingStep',
  'prvWriteSdkMessageProcessingStep',
  'prvReadSdkMessage',
])

/** Not verified either; needed only for subscriptions. */
const FOR_TABLES = duringSetup([
  'prvCreateEntity',
  'prvWriteEntity',
  'prvCreateAttribute',
  'prvReadAttribute',
  'prvWriteAttribute',
  'prvCreateRelationship',
  'prvReadRelationship',
  'prvReadCustomization',
  'prvWriteCustomization',
  'prvPublishCustomization',
  'prvWriteSystemForm',
  'prvReadQuery',
  'prvCreateQuery',
  'prvWriteQuery',
])

/** Needed if the organisation audits: without it, Dynamics silently omits when and by whom a toggle was set. */
const FOR_AUDIT = duringSetup(['prvReadAuditSummary'])

function duringSetup(names: readonly string[]): readonly NeededPrivilege[] {
  return names.map((name) => ({ name, global: false, certain: false }))
}

/** Reports early, and in one pause, which privileges the application user lacks. */
export const privilegesStep = checkStep<DynamicsCrm>({
  id: 'privileges',
  title: 'Check the privileges of the application user',
  weight: 2,
  without: 'a privilege that is lacking shows at a later step',
  async verify({ client, facts }, context) {
    const { userId } = await whoAmI(client, context)
    const needed = [
      ...AT_RUN_TIME,
      ...(facts.organization?.auditEnabled === false ? [] : FOR_AUDIT),
      ...FOR_WEBHOOKS,
      ...(context.subscriptionSync ? FOR_TABLES : []),
    ]
    const missing = await missingPrivileges(client, userId, needed, context)
    // A user who may not read the table is not asked about its columns.
    const closed = missing.some((name) => name.startsWith('prvReadContact'))
      ? []
      : await closedColumns(client, CONTACT_USE, () => Promise.resolve(userId), context)
    return missing.length === 0 && closed.length === 0
      ? { state: 'done' }
      : { state: 'paused', pause: privilegeMissing(missing, { userId, skippable: true, closed }) }
  },
})
