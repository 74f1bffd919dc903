import type {
  ConsentPurpose,
  ConsentSource,
  LegalBase,
  MassOperationResult,
  PersonEntity,
  SoPrincipalCarrier,
  UpsertRowStatus,
  Webhook,
  // The types of its ES module name files without their extensions, which NodeNext does not find: all would be `any`.
} from '@superoffice/webapi' with { 'resolution-mode': 'require' }
import type { z } from 'zod'
import type { basisEntry, purposeEntry, sourceEntry } from '../../../src/crm/superoffice/lists.js'
import type { principalAnswer } from '../../../src/crm/superoffice/principal.js'
import type { personCard } from '../../../src/crm/superoffice/setup/measure/measure-writes.js'
import type { upsertAnswer } from '../../../src/crm/superoffice/setup/measure/measure-writes.js'
import type { webhookRow } from '../../../src/crm/superoffice/webhooks/install.js'
import type { massWriteAnswer, rowStatus } from '../../../src/crm/superoffice/writing/send-jobs.js'
import type { Fits, IsTold, OnWire } from './fits.js'

/*
 * Compares our schemas with SuperOffice's own types; `npm run types` checks it, and nothing here runs. Its package has
 * no type for rows of an archive by OData, the exchange of the system user token and its claims, the key set, the
 * tenant's status, the API's root, and the bodies of webhooks.
 */

export const fits: {
  readonly purposes: Fits<OnWire<ConsentPurpose>, typeof purposeEntry>
  readonly bases: Fits<OnWire<LegalBase>, typeof basisEntry>
  readonly sources: Fits<OnWire<ConsentSource>, typeof sourceEntry>
  readonly principal: Fits<OnWire<SoPrincipalCarrier>, typeof principalAnswer>
  readonly card: Fits<OnWire<PersonEntity>, typeof personCard>
  readonly webhooks: Fits<OnWire<Webhook>, typeof webhookRow>
  readonly massWrite: Fits<OnWire<MassOperationResult>, typeof massWriteAnswer>
  readonly rowStatus: Fits<OnWire<UpsertRowStatus>, typeof rowStatus>
  readonly trialWrite: Fits<OnWire<MassOperationResult>, typeof upsertAnswer>
} = {
  purposes: true,
  bases: true,
  sources: true,
  principal: true,
  card: true,
  webhooks: true,
  massWrite: true,
  rowStatus: true,
  trialWrite: true,
}

// The package's types must be found: if they were `any`, everything would fit.
export const told: IsTold<OnWire<ConsentPurpose>> = true

// Proof that the comparison can fail: `Active` is a number, with any wrapper around it, and there is no
// `FunctionRight`.
type Strict = z.ZodObject<{ Key: z.ZodString; Active: z.ZodCatch<z.ZodOptional<z.ZodBoolean>> }>
export const misfit: Fits<OnWire<ConsentPurpose>, Strict> = 'Active'
type Misspelt = z.ZodObject<{ FunctionRight: z.ZodArray<z.ZodUnknown> }>
export const unknown: Fits<OnWire<SoPrincipalCarrier>, Misspelt> = 'FunctionRight'
