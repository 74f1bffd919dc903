import { z } from 'zod'
import { answer, type CallContext, entries, part, ifAvailable } from '../../../../http/index.js'
import type { DataverseClient } from '../../client.js'
import { lostAnswer } from '../../wire/errors.js'
import { queryString } from '../../wire/odata.js'
import { whoAmI, wrongEnvironment } from '../../who-am-i.js'
import { checkStep, setupRead } from '../../../own-step.js'
import type { DynamicsCrm } from '../../session.js'
import { getIfThere } from '../metadata.js'

const organizationRow = answer(
  { name: 'dynamics.organization', operation: 'GET /organizations', lossUnit: 'record' },
  part({
    languagecode: z.int(),
    isauditenabled: z.boolean().nullish().catch(null),
    expirechangetrackingindays: z.number().nullish().catch(null),
  }),
)
const languages = answer(
  { name: 'dynamics.languages', operation: 'GET /RetrieveAvailableLanguages', lossUnit: 'call' },
  part({ LocaleIds: entries.transform((ids) => ids.filter((id) => Number.isInteger(id))) }),
)
const journeys = answer(
  { name: 'dynamics.journeysTable', operation: 'GET /EntityDefinitions', lossUnit: 'call' },
  part({}),
)

const AUDIT_OFF =
  'Auditing is off in this organisation: when and by whom a toggle was set is unknown.'
const JOURNEYS =
  'Customer Insights – Journeys is installed: it keeps consents of its own, which are not synced.'

/** Where Customer Insights – Journeys keeps its consents (docs/wire-dataverse.md, 12). */
const JOURNEYS_TABLE = 'msdynmkt_contactpointconsent4'

/** Verifies the credentials and reads the organisation's properties (docs/wire-dataverse.md, 5). */
export const connectStep = checkStep<DynamicsCrm>({
  id: 'connect',
  title: 'Connect to Dynamics 365',
  weight: 2,
  async verify(crm, context) {
    const organization = await learn(crm, context)
    const notes = [
      ...(organization.auditEnabled === false ? [AUDIT_OFF] : []),
      ...((await hasJourneys(crm.client, context)) ? [JOURNEYS] : []),
    ]
    const done = { state: 'done', facts: { organization } } as const
    return notes.length === 0 ? done : { ...done, note: notes.join(' ') }
  },
})

async function learn({ client, facts }: DynamicsCrm, context: CallContext) {
  const { organizationId, userId } = await whoAmI(client, context)
  const known = facts.organization?.organizationId
  if (known !== undefined && known !== organizationId) {
    throw wrongEnvironment()
  }
  const select = ['name', 'languagecode', 'isauditenabled', 'expirechangetrackingindays']
  const { operation } = organizationRow
  const [row] = await client.rows(
    setupRead(`organizations${queryString({ select })}`, operation),
    organizationRow,
    context,
  )
  if (row === undefined) {
    throw lostAnswer(operation, 'read', 'the base language is missing')
  }
  return {
    organizationId,
    userId,
    languageCode: row.languagecode,
    languages: await availableLanguages(client, row.languagecode, context),
    auditEnabled: row.isauditenabled ?? null,
    changeTrackingDays: row.expirechangetrackingindays ?? null,
  }
}

/** Only for a note; false if this cannot be read. */
async function hasJourneys(client: DataverseClient, context: CallContext): Promise<boolean> {
  const path = `EntityDefinitions(LogicalName='${JOURNEYS_TABLE}')?$select=LogicalName`
  const look = getIfThere(client, path, journeys, context)
  return (await ifAvailable(look)) !== null
}

/** Always includes the base language; failing to read the others is not a reason to stop. */
async function availableLanguages(
  client: DataverseClient,
  baseLanguage: number,
  context: CallContext,
): Promise<number[]> {
  const path = 'RetrieveAvailableLanguages()'
  const { operation } = languages
  const request = setupRead(path, operation)
  const response = await ifAvailable(client.json(request, languages, context))
  return [...new Set([baseLanguage, ...((response?.body.LocaleIds ?? []) as number[])])]
}
