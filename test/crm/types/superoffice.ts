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
 * Compares our schemas with SuperOffice's own types, by name of the answer; `npm run types` checks it. The answers without
 * a type in its package are listed in carriers.unit.test.ts.
 */

export const fits: {
  readonly 'superoffice.ConsentPurpose': Fits<OnWire<ConsentPurpose>, typeof purposeEntry>
  readonly 'superoffice.LegalBase': Fits<OnWire<LegalBase>, typeof basisEntry>
  readonly 'superoffice.ConsentSource': Fits<OnWire<ConsentSource>, typeof sourceEntry>
  readonly 'superoffice.principal': Fits<OnWire<SoPrincipalCarrier>, typeof principalAnswer>
  readonly 'superoffice.personCard': Fits<OnWire<PersonEntity>, typeof personCard>
  readonly 'superoffice.webhook': Fits<OnWire<Webhook>, typeof webhookRow>
  readonly 'superoffice.massWrite': Fits<OnWire<MassOperationResult>, typeof massWriteAnswer>
  readonly 'superoffice.rowStatus': Fits<OnWire<UpsertRowStatus>, typeof rowStatus>
  readonly 'superoffice.trialWrite': Fits<OnWire<MassOperationResult>, typeof upsertAnswer>
} = {
  'superoffice.ConsentPurpose': true,
  'superoffice.LegalBase': true,
  'superoffice.ConsentSource': true,
  'superoffice.principal': true,
  'superoffice.personCard': true,
  'superoffice.webhook': true,
  'superoffice.massWrite': true,
  'superoffice.rowStatus': true,
  'superoffice.trialWrite': true,
}

// The package's types must be found: if they were `any`, everything would fit.
export const told: IsTold<OnWire<ConsentPurpose>> = true

// Proof that the comparison can fail: `Active` is a number, with any wrapper around it, and there is no
// `FunctionRight`.
type Strict = z.ZodObject<{ Key: z.ZodString; Active: z.ZodCatch<z.ZodOptional<z.ZodBoolean>> }>
export const misfit: Fits<OnWire<ConsentPurpose>, Strict> = 'Active'
type Misspelt = z.ZodObject<{ FunctionRight: z.ZodArray<z.ZodUnknown> }>
export const unknown: Fits<OnWire<SoPrincipalCarrier>, Misspelt> = 'FunctionRight'
