import type { RetrieveMultipleResponse } from 'dynamics-web-api'
import type { z } from 'zod'
import type { rowPage } from '../../../src/crm/dynamics/reading/rows.js'
import type { Fits, IsTold } from './fits.js'

/*
 * Our schemas against the types of `dynamics-web-api`, checked by `npm run types`; nothing here runs. For answers it has
 * pages of rows only: rows, definitions of tables, columns, relationships and keys, functions, and bodies of errors are
 * whatever its caller says, or `any`.
 */

type Page = RetrieveMultipleResponse<Record<string, unknown>>

export const fits: Fits<Required<Page>, typeof rowPage> = true

export const told: IsTold<Page> = true

// That it can fail.
type Strict = z.ZodObject<{ '@odata.deltaLink': z.ZodCatch<z.ZodOptional<z.ZodBoolean>> }>
export const misfit: Fits<Required<Page>, Strict> = '@odata.deltaLink'
export const nothing: Fits<Required<Page>, z.ZodUnknown> = 'a schema without names'
