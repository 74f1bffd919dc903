import { UpstreamError } from '../../../http/index.js'
import { SetupPaused } from '../../crm.js'
import type { ActionMeanings, Json, PauseMeanings, SetupPause } from '../../../contracts/setup.js'
import { refusalHint } from '../auth/entra-errors.js'
import { type ClosedColumn, closedInWords } from '../reading/column-access.js'
import { AppError } from '../../../contracts/app-error.js'
import type { DynamicsFacts } from '../facts.js'
import { CUSTOMIZATION_LOCK } from '../wire/errors.js'

/** Reasons for which a Dynamics step pauses, in addition to those of every CRM (rule E2). */
export const SETUP_PAUSES = {
  formUncertain: {},
  detailsTabMissing: {},
  draftPending: { looksAgain: true },
  // A retry drops the chosen view, and creates our own if it is missing.
  viewUncertain: { forgets: 'viewId' },
  // Never checked again automatically: if a table of our name vanishes while somebody works on it, we must not create
  // it.
  columnTypeClash: {},
} as const satisfies PauseMeanings

/** What Support may choose at a Dynamics step, in addition to the choices of every CRM (rule E3). */
export const SETUP_ACTIONS = {
  useForm: {
    words: 'take this form',
    needs: 'formId',
    among: { list: 'forms', by: ['id'] },
    // A tab of another form does not apply to this one.
    forgets: 'tab',
  },
  useTab: {
    words: 'take this tab of the form',
    needs: 'tab',
    among: { list: 'tabs', by: ['name', 'id'] },
    keeps: 'formId',
  },
  useView: {
    words: 'take this view',
    needs: 'viewId',
    among: { list: 'views', by: ['id'] },
  },
  createTab: { words: 'make a tab of our own on the form', keeps: 'formId', forgets: 'tab' },
  publishAll: { words: "publish them all, others' unpublished changes too" },
} as const satisfies ActionMeanings

/** The only part read from a refusal's text: the privilege that Dataverse names (docs/wire-dataverse.md, 2). */
const PRIVILEGE = /\bprv[A-Za-z0-9_]{1,80}\b/

/**
 * A pause for missing privileges, and for columns that column-level security closes to us. It names all of them (rules
 * B8, E2). `skippable`: the step only checks.
 */
export function privilegeMissing(
  missing: readonly string[],
  options: {
    readonly userId: string | null
    readonly skippable: boolean
    readonly closed?: readonly ClosedColumn[]
    readonly seen?: Readonly<Record<string, Json>>
  },
): SetupPause {
  const columns = closedInWords(options.closed ?? [])
  const named = missing.length === 0 ? 'a privilege that Dynamics did not name' : missing.join(', ')
  const sentences = [
    ...(missing.length === 0 && columns.length > 0
      ? []
      : [`The application user lacks ${named}. Add it to a security role of that user.`]),
    ...(columns.length === 0
      ? []
      : [
          `Columns are secured, and closed to the application user: ${columns.join(', ')}. Give it access in a column security profile, unmasked.`,
        ]),
  ]
  return {
    code: 'privilegeMissing',
    message: `${sentences.join(' ')} Then retry.`,
    choices: options.skippable ? ['retry', 'skip', 'abort'] : ['retry', 'abort'],
    seen: {
      missing,
      ...(columns.length === 0 ? {} : { columns }),
      userId: options.userId,
      ...options.seen,
    },
  }
}

/** A 403 during a step. The missing privilege is the one that the refusal names, if any. */
export function refusedForPrivilege(error: UpstreamError, userId: string | null): SetupPaused {
  const name = PRIVILEGE.exec(error.detail)?.[0]
  const pause = privilegeMissing(name === undefined ? [] : [name], {
    userId,
    skippable: false,
    seen: { operation: error.operation, upstreamCode: error.upstreamCode },
  })
  return new SetupPaused(pause)
}

/** The credentials are refused. Only a person can fix that. */
export function refusedCredentials(error: UpstreamError): SetupPaused {
  return new SetupPaused({
    code: 'authFailed',
    message: `${refusalHint(error)} Then retry.`,
    choices: ['retry', 'abort'],
    seen: { operation: error.operation, upstreamCode: error.upstreamCode, detail: error.detail },
  })
}

/** A table or column of our name exists and is something else. It may be the customer's own (wire page, 9.4). */
export function columnTypeClash(seen: {
  readonly table: string
  readonly column: string | null
  readonly found: string
  readonly needed: string
}): SetupPause {
  const what = seen.column === null ? `table ${seen.table}` : `column ${seen.table}.${seen.column}`
  return {
    code: 'columnTypeClash',
    message: `The ${what} exists as ${seen.found}, and ${seen.needed} is needed. Remove or rename it, then retry.`,
    choices: ['retry', 'abort'],
    seen,
  }
}

/**
 * Translates the failure of a call for set-up: a 403 becomes the pause `privilegeMissing`, refused credentials become
 * `authFailed`, and the customization lock becomes the retryable `crm_customization_locked` with its wait. Any other
 * error is returned unchanged.
 */
export function asSetupError(error: unknown, facts: DynamicsFacts): unknown {
  if (!(error instanceof UpstreamError)) {
    return error
  }
  if (error.upstreamCode === CUSTOMIZATION_LOCK) {
    const retryAfterMs = error.retryAfterSeconds === null ? null : error.retryAfterSeconds * 1000
    return new AppError('crm_customization_locked', error.message, { retryAfterMs, cause: error })
  }
  switch (error.code) {
    case 'upstream_forbidden':
      return refusedForPrivilege(error, facts.organization?.userId ?? null)
    case 'upstream_auth_failed':
      return refusedCredentials(error)
    default:
      return error
  }
}
