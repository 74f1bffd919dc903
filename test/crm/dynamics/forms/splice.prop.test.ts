import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { readForm } from '../../../../src/crm/dynamics/setup/form/form-document.js'
import { FormShapeError, descendants } from '../../../../src/crm/dynamics/setup/form/xml-tree.js'
import { ownParts } from '../../../../src/crm/dynamics/setup/form/own-parts.js'
import {
  descriptionXml,
  type SectionSpec,
  sectionXml,
} from '../../../../src/crm/dynamics/setup/form/section-xml.js'
import {
  insertSection,
  removeSection,
  withoutOurs,
  applyEdits,
} from '../../../../src/crm/dynamics/setup/form/splice.js'
import { detailsTab } from '../../../../src/crm/dynamics/setup/form/tabs.js'
import { formText } from './form-texts.js'

const spec: fc.Arbitrary<SectionSpec> = fc.record({
  viewId: fc.uuid(),
  languages: fc.uniqueArray(fc.constantFrom(1033, 1044, 1053, 1031, 1025, 3082), { minLength: 1 }),
  gridControl: fc.constantFrom(null, 'Microsoft.PowerApps.PowerAppsOneGrid'),
})

const inNewTab = fc.boolean()

function insert(xml: string, wanted: SectionSpec, newTab = false): string {
  const form = readForm(xml)
  const tab = detailsTab(form)
  if (tab === null) {
    throw new Error('the form under test has no Details tab')
  }
  return applyEdits(
    xml,
    insertSection(form, newTab ? { in: 'newTab' } : { in: 'tab', tab }, wanted),
  )
}

/** The text around our parts, with a list that had to be opened or created for them in its former state. */
function around(after: string, wanted: SectionSpec): string {
  const [first = '', behindSection = '', ...more] = after.split(sectionXml(wanted))
  expect(more).toEqual([])
  let text = joined(first, behindSection)
  const description = descriptionXml(wanted)
  if (description !== null) {
    const pieces = text.split(description)
    expect(pieces).toHaveLength(2)
    text = joined(pieces[0] ?? '', pieces[1] ?? '')
  }
  return text
}

function joined(before: string, after: string): string {
  const closing = /^<\/(sections|controlDescriptions)>/.exec(after)?.[0]
  if (closing === '</controlDescriptions>' && before.endsWith('<controlDescriptions>  ')) {
    return before.slice(0, -'<controlDescriptions>  '.length) + after.slice(closing.length)
  }
  if (closing !== undefined && /[^\s]> $|\s> $/.test(before)) {
    return `${before.slice(0, -2)}/>${after.slice(closing.length)}`
  }
  return before + after
}

describe('splicing our section into any form', () => {
  it('changes not a byte outside of it', () => {
    fc.assert(
      fc.property(formText, spec, (xml, wanted) => {
        const after = insert(xml, wanted)
        expect(around(after, wanted)).toBe(xml)
        const form = readForm(after)
        const own = ownParts(form)
        expect(descendants(detailsTab(form) ?? form.root)).toContain(own.section)
        expect(own.description === null).toBe(wanted.gridControl === null)
      }),
      { numRuns: 1_500 },
    )
  })

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(formText, spec, inNewTab, (xml, wanted, newTab) => {
        const once = insert(xml, wanted, newTab)
        expect(insert(once, wanted, newTab)).toBe(once)
        expect(once).not.toBe(xml)
      }),
      { numRuns: 500 },
    )
  })

  it('is undone to the byte, also after an update in place', () => {
    fc.assert(
      fc.property(formText, spec, spec, inNewTab, (xml, older, newer, newTab) => {
        const first = insert(xml, older, newTab)
        expect(withoutOurs(first)).toBe(xml)
        expect(withoutOurs(insert(first, newer, newTab))).toBe(xml)
        expect(removeSection(readForm(xml))).toEqual([])
      }),
      { numRuns: 1_000 },
    )
  })

  it('leaves a section where the customer moved it, and updates it there', () => {
    fc.assert(
      fc.property(formText, spec, fc.uuid(), (xml, wanted, otherView) => {
        const newTab = `<tab name="MOVED"><columns><column><sections>${sectionXml(wanted)}</sections></column></columns></tab>`
        const here = readForm(insert(xml, wanted))
        const { section } = ownParts(here)
        const last = here.tabs.at(-1)?.end ?? 0
        const moved = applyEdits(here.xml, [
          { start: section?.start ?? 0, end: section?.end ?? 0, text: '' },
          { start: last, end: last, text: newTab },
        ])
        expect(insert(moved, wanted)).toBe(moved)
        const newer = { ...wanted, viewId: otherView }
        const updated = readForm(insert(moved, newer))
        expect(updated.xml).toContain(`<sections>${sectionXml(newer)}</sections>`)
        expect(descendants(detailsTab(updated) ?? updated.root)).not.toContain(
          ownParts(updated).section,
        )
      }),
      { numRuns: 200 },
    )
  })

  it('refuses every form that is cut short, or has a stray sign', () => {
    fc.assert(
      fc.property(
        formText,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom('cut', '<', '&', '</x>'),
        (xml, share, damage) => {
          const { root } = readForm(xml)
          const place = root.start + 1 + Math.floor(share * (root.end - root.start - 2))
          const inside = root.contentStart
          const broken =
            damage === 'cut'
              ? xml.slice(0, place)
              : xml.slice(0, inside) + damage + ' ' + xml.slice(inside)
          expect(() => readForm(broken)).toThrow(FormShapeError)
        },
      ),
      { numRuns: 300 },
    )
  })
})
