import { describe, expect, it } from '@jest/globals'
import { readForm } from '../../../../src/crm/dynamics/setup/form/form-document.js'
import { detailsTab } from '../../../../src/crm/dynamics/setup/form/tabs.js'
import { labelsXml } from '../../../../src/crm/dynamics/setup/form/own-names.js'

function found(
  ...tabs: readonly (readonly [name: string, ...labels: (readonly [string, number])[]])[]
) {
  const xml = tabs.map(([name, ...labels]) => {
    const all = labels.map(
      ([text, code]) => `<label description="${text}" languagecode="${code}"/>`,
    )
    return `<tab name="${name}"><labels>${all.join('')}</labels></tab>`
  })
  const tab = detailsTab(readForm(`<form><tabs>${xml.join('')}</tabs></form>`))
  return tab?.attributes['name'] ?? null
}

describe('the Details tab', () => {
  it('is the one with the stock name, whatever its label', () => {
    expect(found(['a', ['Details', 1033]], ['DETAILS_TAB', ['Mer', 1053]])).toBe('DETAILS_TAB')
  })

  it.each([
    ['Details', 1033],
    [' details ', 2057],
    ['Détails', 3084],
    ['D&#233;tails', 1036],
    ['De\u0301tails'.normalize('NFD'), 1036],
    ['Detaljer', 1044],
    ['Detaljer', 1053],
    ['Tiedot', 1035],
    ['Dettagli', 1040],
    ['Detalles', 3082],
    ['Details', 1053],
  ] as const)('is the only one that says "%s" in language %d', (label, language) => {
    expect(found(['a', ['Summary', 1033]], ['b', ['Other', 1033], [label, language]])).toBe('b')
  })

  it('is not one that says it in another language than the label is in, nor one of two', () => {
    expect(found(['a', ['Tiedot', 1040]])).toBeNull()
    expect(found(['a', ['Details', 1033]], ['b', ['Detaljer', 1044]])).toBeNull()
    expect(found(['DETAILS_TAB'], ['DETAILS_TAB'])).toBeNull()
  })
})

describe('labels of ours', () => {
  it('are in every language of the organisation, in English where we have no word', () => {
    expect(labelsXml([1044, 1025, 3082], 'subscriptions')).toBe(
      '<labels><label description="Abonnementer" languagecode="1044"/><label description="Subscriptions" languagecode="1025"/><label description="Suscripciones" languagecode="3082"/></labels>',
    )
  })
})
