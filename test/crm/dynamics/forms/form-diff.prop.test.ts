import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { formDiff } from '../../../../src/crm/dynamics/setup/steps/form.js'
import { readForm } from '../../../../src/crm/dynamics/setup/form/form-document.js'
import type { SectionSpec } from '../../../../src/crm/dynamics/setup/form/section-xml.js'
import {
  insertSection,
  removeSection,
  applyEdits,
  type Edit,
} from '../../../../src/crm/dynamics/setup/form/splice.js'
import { detailsTab } from '../../../../src/crm/dynamics/setup/form/tabs.js'
import { formText } from './form-texts.js'

const spec: SectionSpec = { viewId: 'v', languages: [1033, 1044], gridControl: 'Some.Grid' }

function insertion(xml: string): readonly Edit[] {
  const form = readForm(xml)
  const tab = detailsTab(form)
  return tab === null ? [] : insertSection(form, { in: 'tab', tab }, spec)
}

/** The text as the diff shows it, one tag per line. */
function lines(xml: string): string[] {
  return xml
    .replace(/>\s*</g, '>\n<')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** Applies a unified diff as `patch` does, by line numbers, and compares each of its lines with the text. */
function patched(before: readonly string[], diff: string): string[] {
  const after: string[] = []
  let place = 0
  for (const line of diff.split('\n').slice(2)) {
    const hunk = /^@@ -(\d+),\d+ \+\d+,\d+ @@$/.exec(line)
    if (hunk !== null) {
      // Hunks may share context lines; lines that were already used are not used again.
      after.length -= Math.max(0, place - (Number(hunk[1]) - 1))
      after.push(...before.slice(place, Number(hunk[1]) - 1))
      place = Number(hunk[1]) - 1
    } else if (line.startsWith('+')) {
      after.push(line.slice(1))
    } else {
      expect(before[place]).toBe(line.slice(1))
      place += 1
      if (line.startsWith(' ')) {
        after.push(line.slice(1))
      }
    }
  }
  return [...after, ...before.slice(place)]
}

describe('the diff of a form', () => {
  it('says what the edits do', () => {
    fc.assert(
      fc.property(formText, (xml) => {
        const edits = insertion(xml)
        const after = applyEdits(xml, edits)
        expect(patched(lines(xml), formDiff(xml, edits))).toEqual(lines(after))
        const back = removeSection(readForm(after))
        expect(patched(lines(after), formDiff(after, back))).toEqual(lines(xml))
      }),
      { numRuns: 300 },
    )
  })

  it('is empty where nothing changes', () => {
    expect(formDiff('<form/>', [])).toBe('')
  })
})
