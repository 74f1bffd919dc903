import { SETUP_READ } from '../../../own-step.js'
import type { CallContext } from '../../../../http/index.js'
import type { Purpose } from '../../../../domain/legal-basis.js'
import {
  CONSENT_COLUMNS,
  CONSENT_ID,
  CONSENT_PERSON,
  type ConsentRow,
  toConsentRow,
} from '../../reading/consent-row.js'
import type { SuperOfficeCrm } from '../../session.js'
import { isOneOf } from '../../wire/filter.js'
import { textOf } from '../../wire/values.js'

/** A consent row of the test person, with its comment. */
export type TestRow = ConsentRow & { readonly comment: string }

/** The test person's rows by purpose. */
export type TestRows = ReadonlyMap<Purpose, TestRow>

const COMMENT = 'consentperson.comment'

/** Reads the consent rows of the test person. @throws UpstreamError, AppError */
export async function testRows(
  { installation }: SuperOfficeCrm,
  personId: number,
  context: CallContext,
): Promise<TestRows> {
  const { rows } = await installation.archive.page(
    {
      provider: 'dynamic',
      select: [...CONSENT_COLUMNS, COMMENT],
      filter: isOneOf(CONSENT_PERSON, [personId]),
      orderBy: CONSENT_ID,
      top: 100,
      name: SETUP_READ,
    },
    context,
  )
  return new Map(
    rows.flatMap((raw) => {
      const row = toConsentRow(raw)
      return row === null ? [] : [[row.purpose, { ...row, comment: textOf(raw, COMMENT) ?? '' }]]
    }),
  )
}
