import { describe, expect, it } from '@jest/globals'
import { readForm } from '../../../../src/crm/dynamics/setup/form/form-document.js'
import { FormShapeError } from '../../../../src/crm/dynamics/setup/form/xml-tree.js'
import { isCurrent, ownParts } from '../../../../src/crm/dynamics/setup/form/own-parts.js'
import {
  descriptionXml,
  type SectionSpec,
  sectionXml,
} from '../../../../src/crm/dynamics/setup/form/section-xml.js'

const VIEW = '6d1c5a0e-4e0b-4c53-9a54-3f3f8d1f7b10'
const spec: SectionSpec = { viewId: VIEW, languages: [1033], gridControl: 'Some.Grid' }

function form(section: string, description = descriptionXml(spec) ?? '') {
  return readForm(
    `<form><tabs><tab name="t"><columns><column><sections>${section}</sections></column></columns></tab></tabs><controlDescriptions>${description}</controlDescriptions></form>`,
  )
}

const current = (section: string, description?: string) =>
  isCurrent(ownParts(form(section, description)), spec)

describe('our section as found on a form', () => {
  it('is current as we write it, and however the customer dressed it', () => {
    const section = sectionXml(spec)
    expect(current(section)).toBe(true)
    expect(current(section.replaceAll(VIEW, VIEW.toUpperCase()))).toBe(true)
    expect(current(section.replaceAll('Subscriptions"', 'Newsletters"'))).toBe(true)
    expect(current(section.replace('>10<', '>4<').replaceAll('rowspan="6"', 'rowspan="9"'))).toBe(
      true,
    )
    expect(current(section.replace(/ id="\{6d1c5a0e-4e0b-4c53-9a54-3f3f8d1f7b01\}"/, ''))).toBe(
      true,
    )
    expect(current(section.replace('name="em_subscriptions"', 'name="renamed"'))).toBe(true)
  })

  it.each([
    ['shows another view', (xml: string) => xml.replaceAll(VIEW, '0' + VIEW.slice(1))],
    [
      "shows everybody's rows",
      (xml: string) => xml.replace(/<RelationshipName>.*?<\/R/, '<RelationshipName></R'),
    ],
    [
      'shows another table',
      (xml: string) => xml.replace(/<TargetEntityType>.*?<\/T/, '<TargetEntityType>contact</T'),
    ],
    ['has lost its grid', (xml: string) => xml.replace('em_subscriptions_grid', 'other')],
  ])('is not current when it %s', (_what, change) => {
    const section = sectionXml(spec)
    expect(change(section)).not.toBe(section)
    expect(current(change(section))).toBe(false)
  })

  it('is not current when its editable grid is missing or shows another view', () => {
    const description = descriptionXml(spec) ?? ''
    expect(current(sectionXml(spec), '')).toBe(false)
    expect(current(sectionXml(spec), description.replace(VIEW, '0' + VIEW.slice(1)))).toBe(false)
    const elsewhere = description.replace(/forControl="[^"]*"/, 'forControl="{other}"')
    expect(current(sectionXml(spec), elsewhere)).toBe(false)
  })

  it('is not certain when it is there twice', () => {
    expect(() => ownParts(form(sectionXml(spec) + sectionXml(spec)))).toThrow(FormShapeError)
    const description = descriptionXml(spec) ?? ''
    expect(() => ownParts(form(sectionXml(spec), description + description))).toThrow(
      FormShapeError,
    )
  })

  it('is not what stands in a comment or in CDATA', () => {
    const own = ownParts(form(`<!--${sectionXml(spec)}-->`, ''))
    expect(own).toEqual({ section: null, description: null, tab: null })
  })
})
