import { describe, expect, it } from '@jest/globals'
import { sectionXml } from '../../../../src/crm/dynamics/setup/form/section-xml.js'
import { withoutOurs } from '../../../../src/crm/dynamics/setup/form/splice.js'

const OURS = sectionXml({ viewId: 'v', languages: [1033], gridControl: null })

function form(sections: string): string {
  return `<form><tabs><tab name="t"><columns><column>${sections}</column></columns></tab></tabs></form>`
}

describe('taking our section out of a list that others changed since', () => {
  it.each([
    [
      'its neighbour was deleted and left two blanks',
      '<sections>  OURS</sections>',
      '<sections>  </sections>',
    ],
    [
      'a neighbour came behind it',
      '<sections> OURS<section/></sections>',
      '<sections> <section/></sections>',
    ],
    [
      'a comment came behind it',
      '<sections> OURS<!-- x --></sections>',
      '<sections> <!-- x --></sections>',
    ],
    ['it had opened the list', '<sections a="1" > OURS</sections>', '<sections a="1" />'],
    ['the list was open before', '<sections>OURS</sections>', '<sections></sections>'],
  ])('keeps the list where %s', (_what, before, after) => {
    expect(withoutOurs(form(before.replace('OURS', OURS)))).toBe(form(after))
  })
})
