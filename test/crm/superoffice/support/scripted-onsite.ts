import type { CrmFacts } from '../../../../src/crm/crm.js'
import { superOfficeOnsiteDriver } from '../../../../src/crm/superoffice/driver.js'
import { type Heard, type Said, scriptedServer } from '../../support/scripted-server.js'

/** An installation on site that returns a test's answers, and a session of the product's driver against it. */
export async function scriptedOnsite(
  answer: (heard: Heard) => Said | Promise<Said>,
  facts: CrmFacts = { associateId: 316 },
) {
  const server = await scriptedServer((heard) =>
    heard.path.endsWith('/User/currentPrincipal') && heard.method === 'GET'
      ? answerOr(answer, heard, { status: 200, body: { AssociateId: 316 } })
      : answer(heard),
  )
  const config = { baseUrl: `${server.url}/crm/api/v1`, username: 'adm0' }
  const crm = superOfficeOnsiteDriver.open(superOfficeOnsiteDriver.configSchema.parse(config), {
    connectionId: 'fjord-so',
    facts,
    allowLoopbackHttp: true,
  })
  return { ...server, crm }
}

/** The test's answer to who the user is, if it has one. */
async function answerOr(
  answer: (heard: Heard) => Said | Promise<Said>,
  heard: Heard,
  usual: Said,
): Promise<Said> {
  const said = await answer(heard)
  const isArchive = typeof said.body === 'object' && said.body !== null && 'value' in said.body
  return isArchive ? usual : said
}

/** A page of an archive. */
export const page = (value: readonly object[], nextLink?: string): Said => ({
  status: 200,
  body: { value, ...(nextLink === undefined ? {} : { 'odata.nextLink': nextLink }) },
})

/** The query of an archive request, by GET or POST. */
export function queryOf({ path, body }: Heard) {
  const text = body === '' ? (path.split('?')[1] ?? '') : body
  const parameters = new URLSearchParams(text)
  return {
    select: parameters.get('$select')?.split(',') ?? [],
    filter: parameters.get('$filter') ?? '',
    orderBy: parameters.get('$orderBy') ?? '',
    top: Number(parameters.get('$top')),
  }
}
