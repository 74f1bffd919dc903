import type { RetrieveMultipleResponse } from 'dynamics-web-api'
import type { z } from 'zod'
import type { rowPage } from '../../../src/crm/dynamics/reading/rows.js'
import type { Fits, IsTold } from './fits.js'

/*
 * Compares our schemas with the types of `dynamics-web-api`, by name of the answer; `npm run types` checks it. The package
 * has only pages of rows. The answers without a type are listed in carriers.unit.test.ts.
 */

type Page = RetrieveMultipleResponse<Record<string, unknown>>

export const fits: { readonly 'dynamics.rowPage': Fits<Required<Page>, typeof rowPage> } = {
  'dynamics.rowPage': true,
}

export const told: IsTold<Page> = true

// Proof that the comparison can fail.
type Strict = z.ZodObject<{ '@odata.deltaLink': z.ZodCatch<z.ZodOptional<z.ZodBoolean>> }>
export const misfit: Fits<Required<Page>, Strict> = '@odata.deltaLink'
export const nothing: Fits<Required<Page>, z.ZodUnknown> = 'a schema without names'
