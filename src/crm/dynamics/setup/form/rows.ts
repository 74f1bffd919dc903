import { SETUP_READ } from '../../../own-step.js'
import { z } from 'zod'
import {
  answer,
  type CallContext,
  part,
  readRecords,
  UpstreamError,
} from '../../../../http/index.js'
import type { DataverseClient } from '../../client.js'
import { IN_OUR_SOLUTION } from '../../names.js'
import { allRows } from '../../reading/pages.js'
import { ETAG } from '../../reading/rows.js'
import { queryString } from '../../wire/odata.js'
import { getIfThere } from '../metadata.js'

const COLUMNS = [
  'formid',
  'name',
  'isdefault',
  'ismanaged',
  'iscustomizable',
  'formactivationstate',
]

const formRow = answer(
  { name: 'dynamics.form', operation: 'GET /systemforms', lossUnit: 'record' },
  part({
    formid: z.guid(),
    name: z.string().nullish().catch(null),
    isdefault: z.boolean().nullish().catch(null),
    ismanaged: z.boolean().nullish().catch(null),
    iscustomizable: part({ Value: z.boolean() }).nullish().catch(null),
    formactivationstate: z.number().nullish().catch(null),
  }).transform((row) => ({
    formId: row.formid.toLowerCase(),
    name: row.name ?? '',
    isDefault: row.isdefault === true,
    managed: row.ismanaged === true,
    customizable: row.iscustomizable?.Value === true,
    active: row.formactivationstate === 1,
  })),
)

/** A main form of contact, without its XML (docs/wire-dataverse.md, 10.1). */
export type MainForm = z.output<typeof formRow.schema>

/** Form type of main forms; quick views, cards and others have other types. */
const MAIN = 2

/**
 * The published main forms of contact, including inactive ones. A form without a readable id is left out. @throws
 * UpstreamError
 */
export async function contactMainForms(
  client: DataverseClient,
  context: CallContext,
): Promise<readonly MainForm[]> {
  const filter = `objecttypecode eq 'contact' and type eq ${MAIN}`
  const listing = { setName: 'systemforms', select: COLUMNS, filter, name: SETUP_READ }
  return readRecords(formRow, await allRows(client, listing, context), context)
}

const layer = answer(
  { name: 'dynamics.formLayer', operation: 'GET /systemforms({id})', lossUnit: 'call' },
  part({
    [ETAG]: z.string().nullish().catch(null),
    name: z.string().nullish().catch(null),
    formxml: z.string().nullish().catch(null),
  })
    // A form without XML counts as empty; it is reported as odd only if it is to be changed.
    .transform((row) => ({
      etag: row[ETAG] ?? null,
      name: row.name ?? '',
      xml: row.formxml ?? '',
    })),
)

/** One layer of a form: its etag, name and XML. */
export type FormLayer = z.output<typeof layer.schema>

/** A form as users see it, and as the designer shows it. */
export interface FormLayers {
  readonly published: FormLayer
  /** The draft; equals the published layer if nobody has unpublished changes. */
  readonly draft: FormLayer
}

/**
 * Reads both layers of a form; null if it does not exist. A plain GET returns only the published layer (10.1).
 * @throws UpstreamError
 */
export async function readLayers(
  client: DataverseClient,
  formId: string,
  context: CallContext,
): Promise<FormLayers | null> {
  const query = queryString({ select: ['formid', 'name', 'formxml'] })
  const path = `systemforms(${formId})`
  const draftPath = `${path}/Microsoft.Dynamics.CRM.RetrieveUnpublished()${query}`
  // The draft is read last, because a change is based on it.
  const published = await getIfThere(client, path + query, layer, context)
  const draft = await getIfThere(client, draftPath, layer, context)
  return published === null || draft === null ? null : { published, draft }
}

/**
 * Writes the draft of a form. Users do not see it until it is published (10.3).
 *
 * @param ifMatch the etag of the draft that the change is based on, or `*`: the form only has to exist.
 * @throws UpstreamError `upstream_conflict` if somebody saved in between.
 */
export async function writeDraft(
  client: DataverseClient,
  formId: string,
  change: { readonly xml: string; readonly ifMatch: string; readonly intoSolution: boolean },
  context: CallContext,
): Promise<void> {
  await client.text(
    {
      method: 'PATCH',
      path: `systemforms(${formId})`,
      operation: 'PATCH /systemforms({id})',
      name: 'setup.update',
      effect: 'write',
      headers: { 'if-match': change.ifMatch, ...(change.intoSolution ? IN_OUR_SOLUTION : {}) },
      json: { formxml: change.xml },
      requestTimeoutMs: 120_000,
    },
    context,
  )
}

/** How many times a change is attempted when others save in between. */
const ATTEMPTS = 3

/** Gives the etag for `If-Match`, of the draft that a change is based on. */
type VersionOf = (draft: FormLayer) => string

/**
 * Changes a form only if nobody has saved it since it was read; otherwise reads it again. If the etag does not match
 * although the form is identical, the service counts the versions of its layers separately, and it is enough that the
 * form exists (`*`; docs/wire-dataverse.md, 10.3).
 *
 * @param change reads the form, and writes it with the given version; called again after a conflict.
 * @throws UpstreamError, including `upstream_conflict` after the last attempt.
 */
export async function basedOnNewest<T>(change: (versionOf: VersionOf) => Promise<T>): Promise<T> {
  let refused: string | null = null
  for (let attempt = 1; ; attempt += 1) {
    let tried: string | null = null
    try {
      const before = refused
      return await change((draft) => {
        tried = draft.xml
        return draft.xml === before ? '*' : (draft.etag ?? '*')
      })
    } catch (error) {
      const conflict = error instanceof UpstreamError && error.code === 'upstream_conflict'
      if (!conflict || attempt === ATTEMPTS) {
        throw error
      }
      refused = tried
    }
  }
}
