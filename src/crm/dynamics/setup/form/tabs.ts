import type { Json } from '../../../../contracts/setup.js'
import type { FormDocument } from './form-document.js'
import { plain, saysDetails } from './own-names.js'
import { childrenNamed, type XmlElement } from './xml-tree.js'

/** Name of the Details tab on the stock form (docs/wire-dataverse.md, 10.1). */
const STOCK_TAB = 'DETAILS_TAB'

/** A tab's label in one language. */
interface TabLabel {
  readonly description: string
  readonly languageCode: number
}

/**
 * The Details tab: the one with the stock name, otherwise the only one labelled "Details" in some language (10.5).
 * @returns null if none or several match.
 */
export function detailsTab(form: FormDocument): XmlElement | null {
  const named = form.tabs.filter(({ attributes }) => plain(attributes['name']) === plain(STOCK_TAB))
  const found = named.length > 0 ? named : form.tabs.filter(isLabelledDetails)
  return found.length === 1 ? (found[0] ?? null) : null
}

/** The tab that Support named, by name or id, otherwise by label. @returns null if none or several match. */
export function tabCalled(form: FormDocument, wanted: string): XmlElement | null {
  const fits: ((tab: XmlElement) => boolean)[] = [
    ({ attributes }) => attributes['name'] === wanted,
    ({ attributes }) => plain(attributes['id']) === plain(wanted),
    ({ attributes }) => plain(attributes['name']) === plain(wanted),
    (tab) => labelsOf(tab).some(({ description }) => plain(description) === plain(wanted)),
  ]
  for (const fit of fits) {
    const found = form.tabs.filter(fit)
    if (found.length > 0) {
      return found.length === 1 ? (found[0] ?? null) : null
    }
  }
  return null
}

/** The stored reference to a tab: its id, which survives renaming, or its name if it has no id. */
export function tabKey(tab: XmlElement): string {
  return tab.attributes['id'] ?? tab.attributes['name'] ?? ''
}

/** Whether the tab is hidden from users. */
export function isHidden(tab: XmlElement): boolean {
  return tab.attributes['visible']?.trim().toLowerCase() === 'false'
}

/** The tabs as shown in a pause, so that Support can choose one. */
export function tabsSeen(form: FormDocument): readonly Json[] {
  return form.tabs.map((tab) => ({
    name: tab.attributes['name'] ?? null,
    id: tab.attributes['id'] ?? null,
    labels: labelsOf(tab).map(({ description }) => description),
    hidden: isHidden(tab),
  }))
}

function isLabelledDetails(tab: XmlElement): boolean {
  return labelsOf(tab).some(({ description, languageCode }) =>
    saysDetails(description, languageCode),
  )
}

function labelsOf(tab: XmlElement): readonly TabLabel[] {
  return childrenNamed(tab, 'labels')
    .flatMap((labels) => childrenNamed(labels, 'label'))
    .map(({ attributes }) => ({
      description: attributes['description'] ?? '',
      languageCode: Number(attributes['languagecode']),
    }))
}
