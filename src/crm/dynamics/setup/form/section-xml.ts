import { CONTACT_RELATIONSHIP, SUBSCRIPTIONS_TABLE } from '../../names.js'
import { CELL_ID, GRID, SECTION, TAB, labelsXml } from './own-names.js'

/** What the XML of our parts depends on. */
export interface SectionSpec {
  /** Id of the view that the sub-grid shows, without braces. */
  readonly viewId: string
  /** The organisation's languages, as language codes; each label is given in all of them. */
  readonly languages: readonly number[]
  /**
   * Name of the custom control for editing the toggle in the grid; null if there is none: the plain sub-grid stays, and
   * users change the toggle on the row's own form (docs/wire-dataverse.md, 16.11).
   */
  readonly gridControl: string | null
}

const SUBGRID_CLASS = '{E7A81278-8635-4D9E-8D4D-59480B391C5B}'

/** Rows that the grid covers: its own and five empty ones. */
const ROWSPAN = 6

/** All three, so that it does not matter which number means web, tablet or phone (16.11). */
const FORM_FACTORS = [0, 1, 2]

/** Our section: one cell with the sub-grid of the contact's subscription rows (rule D2; 16.11). */
export function sectionXml(spec: SectionSpec): string {
  const labels = labelsXml(spec.languages, 'subscriptions')
  const uniqueId = spec.gridControl === null ? '' : ` uniqueid="${GRID.uniqueId}"`
  return (
    `<section showlabel="true" showbar="false" IsUserDefined="1" name="${SECTION.name}" id="${SECTION.id}" columns="1" labelwidth="115" locklevel="0" celllabelalignment="Left" celllabelposition="Left" layout="varwidth">${labels}<rows>` +
    `<row><cell id="${CELL_ID}" showlabel="false" rowspan="${ROWSPAN}" colspan="1" auto="false">${labels}` +
    `<control id="${GRID.controlId}" classid="${SUBGRID_CLASS}" indicationOfSubgrid="true"${uniqueId}>${parametersXml(spec)}</control></cell></row>` +
    `${'<row/>'.repeat(ROWSPAN - 1)}</rows></section>`
  )
}

/** The control description that attaches the editable grid to our sub-grid; null if there is no such control. */
export function descriptionXml(spec: SectionSpec): string | null {
  const { gridControl } = spec
  if (gridControl === null) {
    return null
  }
  const view = braced(spec.viewId)
  const editable = FORM_FACTORS.map(
    (formFactor) =>
      `<customControl formFactor="${formFactor}" name="${gridControl}"><parameters><data-set name="Grid"><ViewId>${view}</ViewId><IsUserView>false</IsUserView><RelationshipName>${CONTACT_RELATIONSHIP}</RelationshipName><TargetEntityType>${SUBSCRIPTIONS_TABLE}</TargetEntityType><EnableViewPicker>false</EnableViewPicker><FilteredViewIds>${view}</FilteredViewIds></data-set><EnableEditing static="true" type="Enum">yes</EnableEditing></parameters></customControl>`,
  )
  return `<controlDescription forControl="${GRID.uniqueId}"><customControl id="${SUBGRID_CLASS}">${parametersXml(spec)}</customControl>${editable.join('')}</controlDescription>`
}

/** A tab "Details" with our section, for forms that have no such tab (`createTab`). */
export function tabXml(spec: SectionSpec): string {
  const labels = labelsXml(spec.languages, 'details')
  return `<tab verticallayout="true" id="${TAB.id}" IsUserDefined="1" name="${TAB.name}" locklevel="0" showlabel="true" expanded="true">${labels}<columns><column width="100%"><sections>${sectionXml(spec)}</sections></column></columns></tab>`
}

/** With an empty RelationshipName, every contact would show the rows of all contacts (16.11). */
function parametersXml({ viewId }: SectionSpec): string {
  return `<parameters><ViewId>${braced(viewId)}</ViewId><IsUserView>false</IsUserView><RelationshipName>${CONTACT_RELATIONSHIP}</RelationshipName><TargetEntityType>${SUBSCRIPTIONS_TABLE}</TargetEntityType><AutoExpand>Fixed</AutoExpand><EnableQuickFind>false</EnableQuickFind><EnableViewPicker>false</EnableViewPicker><ViewIds/><EnableJumpBar>false</EnableJumpBar><ChartGridMode>Grid</ChartGridMode><VisualizationId/><IsUserChart>false</IsUserChart><EnableChartPicker>false</EnableChartPicker><RecordsPerPage>10</RecordsPerPage></parameters>`
}

function braced(id: string): string {
  return `{${id}}`
}
