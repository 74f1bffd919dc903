import type { SetupPause, StepChoice } from '../../../../contracts/setup.js'
import type { FormDocument } from './form-document.js'
import { ownParts } from './own-parts.js'
import { TAB } from './own-names.js'
import type { Placement } from './splice.js'
import { detailsTab, isHidden, tabCalled, tabKey } from './tabs.js'
import { detailsTabMissing } from './pauses.js'
import type { MainForm } from './rows.js'

/** Where our section goes, and what of it is to be remembered; or why no tab is certain. */
export type FormPlacement =
  | { readonly place: Placement; readonly tab: string | null; readonly where: string }
  | { readonly pause: SetupPause }

/** Chooses the tab (rule E2; docs/wire-dataverse.md, 10.5). `known`: what Support chose earlier. @throws FormShapeError */
export function choosePlacement(
  form: MainForm,
  document: FormDocument,
  known: string | null,
  choice: StepChoice | null,
): FormPlacement {
  const own = ownParts(document)
  if (own.section !== null) {
    // It is brought up to date where it stands.
    return { place: { in: 'newTab' }, tab: known, where: 'where it stands' }
  }
  // A tab of our own is asked for where the one of before is gone: that one is not insisted on.
  const wanted = choice?.action === 'createTab' ? null : (choice?.tab ?? known)
  const found = wanted === null || wanted === TAB.id ? null : tabCalled(document, wanted)
  if (wanted !== null && wanted !== TAB.id) {
    return found === null
      ? {
          pause: detailsTabMissing(
            'The chosen tab is not there, or not the only one.',
            form,
            document,
          ),
        }
      : inTab(found, tabKey(found))
  }
  const details = detailsTab(document) ?? own.tab
  if (details !== null && choice?.action !== 'createTab') {
    return inTab(details, null)
  }
  return choice?.action === 'createTab' || wanted === TAB.id
    ? { place: { in: 'newTab' }, tab: TAB.id, where: 'on a new tab "Details"' }
    : { pause: detailsTabMissing('No tab is certainly the Details tab.', form, document) }
}

function inTab(tab: FormDocument['tabs'][number], key: string | null): FormPlacement {
  const name = tab.attributes['name'] ?? tab.attributes['id'] ?? ''
  const hidden = isHidden(tab) ? ' (which users do not see)' : ''
  return { place: { in: 'tab', tab }, tab: key, where: `on the tab ${name}${hidden}` }
}
