import { CONTACT_RELATIONSHIP, SUBSCRIPTIONS_TABLE } from '../../names.js'
import { CELL_ID, GRID, SECTION, TAB, labelsXml } from './own-names.js'

/** What our parts of a form depend on. */
export interface SectionSpec {
  /** The view that the sub-grid shows, without braces. */
  readonly viewId: string
  /** Languages of the organisation; labels are given in all of them. */
  readonly languages: readonly number[]
  /**
   * Name of the custom control that lets the toggle be flipped in the grid; null: none is there, the plain sub-grid
   * is left and the toggle is flipped on the row's own form (docs/wire-dataverse.md, 16.11).
   */
  readonly gridControl: string | null
}

const SUBGRID_CLASS = '{E7A81278-8635-4D9E-8D4D-59480B391C5B}'

/** The grid's row and the five that its height covers. */
const ROWSPAN = 6

/** All three, so that it does not matter which number is web, tablet or phone (16.11). */
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

/** What attaches the editable grid to our sub-grid; null where there is no such control. */
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

/** A tab "Details" that holds our section, for forms that have none (`createTab`). */
export function tabXml(spec: SectionSpec): string {
  const labels = labelsXml(spec.languages, 'details')
  return `<tab verticallayout="true" id="${TAB.id}" IsUserDefined="1" name="${TAB.name}" locklevel="0" showlabel="true" expanded="true">${labels}<columns><column width="100%"><sections>${sectionXml(spec)}</sections></column></columns></tab>`
}

/** An empty RelationshipName would show everybody's rows on every contact (16.11). */
function parametersXml({ viewId }: SectionSpec): string {
  return `<parameters><ViewId>${braced(viewId)}</ViewId><IsUserView>false</IsUserView><RelationshipName>${CONTACT_RELATIONSHIP}</RelationshipName><TargetEntityType>${SUBSCRIPTIONS_TABLE}</TargetEntityType><AutoExpand>Fixed</AutoExpand><EnableQuickFind>false</EnableQuickFind><EnableViewPicker>false</EnableViewPicker><ViewIds/><EnableJumpBar>false</EnableJumpBar><ChartGridMode>Grid</ChartGridMode><VisualizationId/><IsUserChart>false</IsUserChart><EnableChartPicker>false</EnableChartPicker><RecordsPerPage>10</RecordsPerPage></parameters>`
}

function braced(id: string): string {
  return `{${id}}`
}
