import type { RetrieveMultipleResponse } from 'dynamics-web-api'
import type { z } from 'zod'
import type { rowPage } from '../../../src/crm/dynamics/reading/rows.js'
import type { Fits, IsTold } from './fits.js'

/*
 * Compares our schemas with the types of `dynamics-web-api`; `npm run types` checks it, and nothing here runs. For
 * answers the package has only pages of rows: rows, definitions of tables, columns, relationships and keys, functions,
 * and bodies of errors have the caller's type, or `any`.
 */

type Page = RetrieveMultipleResponse<Record<string, unknown>>

export const fits: Fits<Required<Page>, typeof rowPage> = true

export const told: IsTold<Page> = true

// Proof that the comparison can fail.
type Strict = z.ZodObject<{ '@odata.deltaLink': z.ZodCatch<z.ZodOptional<z.ZodBoolean>> }>
export const misfit: Fits<Required<Page>, Strict> = '@odata.deltaLink'
export const nothing: Fits<Required<Page>, z.ZodUnknown> = 'a schema without names'
