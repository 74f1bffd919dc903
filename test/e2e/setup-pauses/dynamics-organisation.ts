import { DEFAULT_OPTIONS } from '../../../simulators/dynamics/options.js'
import { OWN_VIEW } from '../../../src/crm/dynamics/setup/view/view-rows.js'
import { draftOf, formWithTab, putForm } from '../../crm/dynamics/setup-form/forms-stand.js'
import { startStandIn, type StandIn } from '../../crm/dynamics/support/stand-in.js'
import type { Organisation } from './pause-place.js'

/** An organisation of Dynamics: the stand-in, and our parts in it. */
export interface DynamicsOrganisation extends Organisation, StandIn {}

/** The organisation's other form beside the stock one, which some cases need. */
export const SALES_FORM = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee'

const PERSON = '97a08813-a1ca-4b14-bf44-4d3a2aae1480'
const [app] = DEFAULT_OPTIONS.apps

/** The one person, in every organisation and in eMarketeer, where it has opted out. */
export const EMAIL = 'anna@example.test'

/** Starts one whose contact form is small, so that a test defines its content. */
export async function startOrganisation(
  options: Parameters<typeof startStandIn>[0] = {},
): Promise<DynamicsOrganisation> {
  const stand = await startStandIn({
    keyActivationReads: 0,
    allowAnyWebhookPort: true,
    ...options,
  })
  await stand.control('POST', 'rows/contact/bulk', {
    rows: [{ id: PERSON, emailaddress1: EMAIL, donotbulkemail: false }],
  })
  return {
    ...stand,
    connects: {
      crm: 'dynamics',
      subscriptionSync: true,
      dynamics: {
        environmentUrl: stand.url,
        authorityHost: stand.url,
        tenantId: DEFAULT_OPTIONS.tenantId,
        clientId: app?.clientId,
        clientSecret: app?.secret,
      },
    },
    standing: () => standing(stand),
  }
}

/** Adds a main form with one tab beside the stock one. */
export function putSalesForm(org: StandIn, tab = 'DETAILS_TAB'): Promise<void> {
  return putForm(org, SALES_FORM, { formxml: formWithTab(tab, tab), name: 'Sales' })
}

async function standing(stand: StandIn) {
  const forms = (await rows(stand, 'systemform')).filter(({ type }) => type === 2)
  const drafts = await Promise.all(
    forms.map(async (form) => ({ ...form, formxml: await draftOf(stand, String(form['id'])) })),
  )
  const views = await rows(stand, 'savedquery')
  const own = views.find(({ id }) => id === OWN_VIEW.viewId)
  const people = await rows(stand, 'contact')
  return {
    // The places where users see our section, and where only the designer does.
    section: forms.flatMap(placesOfSection),
    draft: drafts.flatMap(placesOfSection),
    view: own === undefined ? 'none' : own['statecode'] === 0 ? 'active' : 'inactive',
    tables: (await rows(stand, 'em_subscriptions').catch(() => null)) !== null,
    webhooks: (await rows(stand, 'serviceendpoint')).length,
    optedOut: people.find(({ id }) => id === PERSON)?.['donotbulkemail'],
  }
}

type Row = Readonly<Record<string, unknown>>

async function rows(stand: StandIn, table: string): Promise<readonly Row[]> {
  return (await stand.control<{ rows: Row[] }>('GET', `rows/${table}`)).rows
}

/** `<form>/<tab>` for each tab of a form that contains our section. */
function placesOfSection({ name, formxml }: Row): string[] {
  const tabs = String(formxml)
    .split(/<tab\s/)
    .slice(1)
  return tabs
    .filter((tab) => /<section[^>]*name="em_subscriptions"/.test(tab))
    .map((tab) => `${String(name)}/${/name=["']([^"']*)/.exec(tab)?.[1] ?? '?'}`)
}
