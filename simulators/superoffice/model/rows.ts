import type { Row } from './table.js'

/** User, time and number of a row's writes; dates in seconds since 1970. */
export interface Stamps extends Row {
  registered: number
  registered_associate_id: number
  updated: number
  updated_associate_id: number
  updatedCount: number
}

/** Table `person`; `DeletedDate` is set by a soft deletion. */
export interface PersonRow extends Stamps {
  person_id: number
  contact_id: number
  firstname: string
  lastname: string
  retired: number
  DeletedDate: number
}

/** Table `email`; rows of companies have `person_id` 0, and `type` is 0 for e-mail, 1 for chat. */
export interface EmailRow extends Row {
  email_id: number
  contact_id: number
  person_id: number
  email_address: string
  rank: number
  type: number
  description: string
}

/** Table `consentperson`: at most one row per person and purpose, the latest state only. */
export interface ConsentRow extends Stamps {
  consentperson_id: number
  person_id: number
  consentPurpose_id: number
  legalBase_id: number
  consentSource_id: number
  comment: string
}

/** An item of one of the three lists; `name` is multi-lingual text (`US:"…";NO:"…"`) or plain. */
export interface ListRow extends Stamps {
  name: string
  rank: number
  tooltip: string
  deleted: number
  key: string
}
