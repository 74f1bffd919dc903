import { whoAmI } from '../who-am-i.js'
import { type NeededPrivilege, requirePrivileges } from './require-privileges.js'
import type { DynamicsStep } from './setup-step.js'

const AT_RUN_TIME: readonly NeededPrivilege[] = ['prvReadContact', 'prvWriteContact'].map(
  (name) => ({
    name,
    global: true,
    certain: true,
  }),
)

/** Names from memory (docs/wire-dataverse.md, 5): each call proves itself by a 403 should one of them be wrong. */
const DURING_SETUP: readonly NeededPrivilege[] = [
  'prvCreateEntity',
  'prvReadEntity',
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
  'prvWriteQuery',
  'prvCreateServiceEndpoint',
  'prvWriteServiceEndpoint',
  'prvCreateSdkMessageProcessingStep',
  'prvWriteSdkMessageProcessingStep',
  'prvReadSdkMessage',
].map((name) => ({ name, global: false, certain: false }))

/** Says early, and all at once, what the application user may not do. */
export const privilegesStep: DynamicsStep = {
  id: 'privileges',
  title: 'Check the privileges of the application user',
  weight: 1,
  async run({ client }, context) {
    const { userId } = await whoAmI(client, context)
    await requirePrivileges(client, userId, [...AT_RUN_TIME, ...DURING_SETUP], context)
    return {}
  },
}
