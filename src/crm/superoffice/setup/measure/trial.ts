import { AppError } from '../../../../contracts/app-error.js'
import type { Purpose } from '../../../../domain/legal-basis.js'
import type { CallContext } from '../../../../http/index.js'
import { DEFAULT_SOURCE_KEY } from '../../facts.js'
import type { SuperOfficeCrm } from '../../session.js'
import { keyOfBasis, keyOfPurpose } from '../../wire/keys.js'
import { putConsent } from '../../writing/put-consent.js'
import { type ShownItem, shownItems, usableItem } from '../list-items.js'
import { SETUP_READ } from '../../../own-step.js'
import {
  CONSENT_COLUMNS,
  CONSENT_ID,
  CONSENT_PERSON,
  type ConsentRow,
  toConsentRow,
} from '../../reading/consent-row.js'
import { isOneOf } from '../../wire/filter.js'
import { textOf } from '../../wire/values.js'

/** A consent row of the test person, with its comment. */
export type TestRow = ConsentRow & { readonly comment: string }

/** The test person's rows by purpose. */
type TestRows = ReadonlyMap<Purpose, TestRow>

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

/** The comment during the measurement. It holds the earlier basis, so that the next run can restore it after a kill. */
const MARK = /^eMarketeer set-up is measuring; before: (\S{1,40})$/

const AFTERWARDS = 'eMarketeer set-up measured with this person'

/** The installation's list entries, for the spelling of the keys that are written. */
interface Spelt {
  readonly purposes: readonly ShownItem[]
  readonly bases: readonly ShownItem[]
}

/** Writes to one consent of the test person, and restores it. */
export class Trial {
  private constructor(
    readonly crm: SuperOfficeCrm,
    readonly personId: number,
    readonly purpose: Purpose,
    /** The earlier basis key and comment. `basisKey` null: nothing was recorded. */
    private readonly before: { readonly basisKey: string | null; readonly comment: string },
    private readonly spelt: Spelt,
    private readonly context: CallContext,
  ) {}

  /**
   * Chooses the purpose: one that an interrupted run left marked, otherwise one without a row, otherwise marketing.
   * @throws UpstreamError, AppError
   */
  static async begin(crm: SuperOfficeCrm, personId: number, context: CallContext): Promise<Trial> {
    const rows = await testRows(crm, personId, context)
    const marked = markedPurpose(rows)
    const purpose = marked ?? PREFERRED.find((one) => !rows.has(one)) ?? PREFERRED[0]
    const spelt = {
      purposes: await shownItems(crm.client, 'ConsentPurpose', context),
      bases: await shownItems(crm.client, 'LegalBase', context),
    }
    return new Trial(crm, personId, purpose, beforeOf(rows.get(purpose)), spelt, context)
  }

  /** The key of a basis, in the installation's spelling. */
  key(basis: 'withdrawn' | 'legitimateInterest'): string {
    return spelling(this.spelt.bases, keyOfBasis(basis))
  }

  /** The key of the purpose that is written, in the installation's spelling. */
  get purposeKey(): string {
    return spelling(this.spelt.purposes, keyOfPurpose(this.purpose))
  }

  /** The key of our consent source. */
  get sourceKey(): string {
    return this.crm.facts.sourceKey ?? DEFAULT_SOURCE_KEY
  }

  /** Marks the row until it is restored. */
  get comment(): string {
    return `eMarketeer set-up is measuring; before: ${this.before.basisKey ?? 'none'}`
  }

  /** Sets the consent, then reads the row. @throws UpstreamError, AppError */
  async put(basisKey: string): Promise<TestRow> {
    await this.#put(basisKey, this.comment)
    return this.row()
  }

  /** Reads the row of the chosen purpose. @throws UpstreamError; AppError `crm_answer_invalid` if there is none */
  async row(): Promise<TestRow> {
    const row = (await this.rows()).get(this.purpose)
    if (row === undefined) {
      throw new AppError('crm_answer_invalid', 'The consent that was just written is not there.')
    }
    return row
  }

  /** Reads all rows of the person. @throws UpstreamError, AppError */
  rows(): Promise<TestRows> {
    return testRows(this.crm, this.personId, this.context)
  }

  /**
   * Restores the earlier consent. If nothing was recorded, the row stays and is withdrawn, because the API has no safe
   * way to delete a row.
   * @throws UpstreamError, AppError
   */
  async restore(): Promise<void> {
    const { basisKey, comment } = this.before
    await this.#put(basisKey ?? this.key('withdrawn'), comment)
  }

  async #put(basisKey: string, comment: string): Promise<void> {
    const { personId, purposeKey, sourceKey } = this
    await putConsent(
      this.crm.client,
      { personId, purposeKey, basisKey, sourceKey, comment },
      this.context,
    )
  }
}

/** Marketing comes first: it usually has no row, so that the first insertion can be measured. */
const PREFERRED = ['marketingSendouts', 'storeAndProcess'] as const

/** The purpose that an interrupted run left marked; null if there is none. */
export function markedPurpose(rows: TestRows): Purpose | null {
  return PREFERRED.find((purpose) => MARK.test(rows.get(purpose)?.comment ?? '')) ?? null
}

function beforeOf(row: TestRow | undefined) {
  const marked = MARK.exec(row?.comment ?? '')?.[1]
  if (marked !== undefined) {
    return { basisKey: marked === 'none' ? null : marked, comment: AFTERWARDS }
  }
  const nothing = row === undefined
  return { basisKey: row?.basisKey ?? null, comment: nothing ? AFTERWARDS : row.comment }
}

function spelling(items: readonly ShownItem[], key: string): string {
  return usableItem(items, key)?.key ?? key
}
