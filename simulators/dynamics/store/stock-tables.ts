import type { TableSpec } from './build-table.js'

const text = (maxLength: number) => ({ type: 'String', maxLength }) as const
const flag = (defaultValue: boolean) => ({ type: 'Boolean', defaultValue }) as const

/** Out-of-the-box tables of business data (wire page, section 12). */
export const STOCK_TABLES: readonly TableSpec[] = [
  {
    name: 'contact',
    schemaName: 'Contact',
    entitySet: 'contacts',
    primaryName: 'fullname',
    objectTypeCode: 2,
    label: 'Contact',
    changeTracking: true,
    auditEnabled: true,
    columns: {
      fullname: { ...text(160), readOnly: true },
      firstname: text(50),
      lastname: text(50),
      emailaddress1: text(100),
      emailaddress2: text(100),
      emailaddress3: text(100),
      donotbulkemail: flag(false),
      donotemail: flag(false),
      donotbulkpostalmail: flag(false),
      donotpostalmail: flag(false),
      donotphone: flag(false),
      donotfax: flag(false),
      donotsendmm: flag(false),
      followemail: flag(true),
      merged: { ...flag(false), readOnly: true },
      masterid: { type: 'Lookup', target: 'contact', readOnly: true },
      parentcustomerid: {
        type: 'Lookup',
        target: 'account',
        navigation: 'parentcustomerid_account',
      },
      jobtitle: text(100),
      telephone1: text(50),
      mobilephone: text(50),
      description: { type: 'Memo', maxLength: 2000 },
      overriddencreatedon: { type: 'DateTime', readOnly: true },
    },
  },
  {
    name: 'account',
    schemaName: 'Account',
    entitySet: 'accounts',
    primaryName: 'name',
    objectTypeCode: 1,
    label: 'Account',
    changeTracking: true,
    columns: { name: text(160), emailaddress1: text(100) },
  },
]
