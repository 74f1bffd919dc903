import { stableGuid, type Organisation } from '../organisation.js'
import { seedRow } from '../store/seed-row.js'

/** Id of the contact form that ships with the service (wire page, section 10.1). */
const STOCK_CONTACT_FORM = '1fed44d1-ae68-4a41-bd2b-f13acac4acfa'

/** The contact table's main form and two other forms that are no main form. */
export function seedContactForms(org: Organisation): void {
  form(org, STOCK_CONTACT_FORM, 'Contact', 2, true, contactFormXml(org.options.languageCode))
  form(org, stableGuid('form quick view'), 'Contact Quick Form', 6, false, '<form><tabs/></form>')
  form(
    org,
    stableGuid('form quick create'),
    'Contact Quick Create',
    7,
    false,
    '<form><tabs/></form>',
  )
}

/** The public views of contact that ship with the service. */
export function seedContactViews(org: Organisation): void {
  view(org, '00000000-0000-0000-00aa-000010001004', 'Active Contacts', 0, true)
  view(org, stableGuid('view inactive contacts'), 'Inactive Contacts', 1, false)
}

function form(
  org: Organisation,
  id: string,
  name: string,
  type: number,
  isdefault: boolean,
  formxml: string,
): void {
  seedRow(org, 'systemform', id, {
    name,
    formxml,
    type,
    isdefault,
    objecttypecode: 'contact',
    ismanaged: true,
    formactivationstate: 1,
  })
  org.stockComponents.add(id)
}

function view(
  org: Organisation,
  id: string,
  name: string,
  statecode: number,
  isdefault: boolean,
): void {
  seedRow(org, 'savedquery', id, {
    name,
    isdefault,
    ismanaged: true,
    returnedtypecode: 'contact',
    querytype: 0,
    layoutxml:
      '<grid name="resultset" object="2" jump="fullname" select="1" icon="1" preview="1"><row name="result" id="contactid"><cell name="fullname" width="150"/><cell name="emailaddress1" width="150"/></row></grid>',
    fetchxml: `<fetch version="1.0" output-format="xml-platform" mapping="logical"><entity name="contact"><order attribute="fullname" descending="false"/><filter type="and"><condition attribute="statecode" operator="eq" value="${statecode}"/></filter><attribute name="fullname"/><attribute name="emailaddress1"/><attribute name="contactid"/></entity></fetch>`,
  })
  org.stockComponents.add(id)
}

/** A main form with the tabs and the Bulk Email cell that customers know. */
function contactFormXml(language: number): string {
  const labels = (text: string): string =>
    `<labels><label description="${text}" languagecode="${language}"/></labels>`
  const cell = (id: string, text: string, column: string, classId: string): string =>
    `<row><cell id="{${stableGuid(`cell ${id}`)}}" showlabel="true" locklevel="0">${labels(text)}<control id="${column}" classid="${classId}" datafieldname="${column}" disabled="false"/></cell></row>`
  const section = (name: string, text: string, rows: string): string =>
    `<section showlabel="true" showbar="false" IsUserDefined="0" name="${name}" id="{${stableGuid(`section ${name}`)}}" columns="1" labelwidth="115" locklevel="0" celllabelalignment="Left" celllabelposition="Left" layout="varwidth">${labels(text)}<rows>${rows}</rows></section>`
  const tab = (name: string, text: string, sections: string): string =>
    `<tab verticallayout="true" id="{${stableGuid(`tab ${name}`)}}" IsUserDefined="0" name="${name}" locklevel="0" showlabel="true" expanded="true">${labels(text)}<columns><column width="100%"><sections>${sections}</sections></column></columns></tab>`
  const text = '{4273EDBD-AC1D-40d3-9FB2-095C621B552D}'
  const toggle = '{67FAC785-CD58-4f9f-ABB3-4B7DDC6ED5ED}'
  const summary = section(
    'CONTACT_INFORMATION',
    'CONTACT INFORMATION',
    cell('firstname', 'First Name', 'firstname', text) +
      cell('lastname', 'Last Name', 'lastname', text) +
      cell('email', 'Email', 'emailaddress1', text),
  )
  const preferences = section(
    'CONTACT_PREFERENCES',
    'CONTACT PREFERENCES',
    cell('bulk', 'Bulk Email', 'donotbulkemail', toggle) +
      cell('email allow', 'Email', 'donotemail', toggle),
  )
  return `<form showImage="true"><tabs>${tab('SUMMARY_TAB', 'Summary', summary)}${tab('DETAILS_TAB', 'Details', preferences)}</tabs><header id="{${stableGuid('header')}}" celllabelposition="Top" columns="1"><rows/></header><DisplayConditions Order="0" FallbackForm="true"><Everyone/></DisplayConditions></form>`
}
