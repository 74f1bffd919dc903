import { DEMO_ACCOUNT, DEMO_DYNAMICS } from '../../dev/stack/connection-files.js'
import { CONTACT_COLUMNS, SUBSCRIPTION_COLUMNS } from '../../src/crm/dynamics/reading/rows.js'
import { chunksOf } from '../../src/domain/lists.js'
import { inParallel } from '../../src/http/index.js'
import type { World } from '../world/start-world.js'
import { CAMPAIGN } from '../world/truth.js'
import { type Asked, askPatiently, keepAlive } from './ask.js'

/** Concurrent requests to each system. */
const AT_ONCE = 8
/** Largest page that the services allow: of Dynamics, of an audience, and of a read of states. */
const PAGE = 5_000
const STATES = 1_000

/** The result of a reading. */
export interface ReadAll {
  readonly ms: number
  readonly cpuMs: number
  readonly requests: number
  /** Contacts read from each side. */
  readonly contacts: number
  readonly states: number
  readonly subscriptionRows: number
}

/** Our table of subscription rows in Dynamics: its logical name, and the name of its entity set. */
const SUBSCRIPTIONS = { table: 'em_subscriptions', setName: 'em_subscriptionses' } as const

/**
 * The bare script that a Dynamics pre-send is compared with. It reads every contact of both systems and every
 * subscription row of Dynamics, with our `$select`, in the largest pages, with 8 concurrent requests to each; it parses
 * the JSON and keeps nothing. It decides nothing and writes nothing. Because each page of Dynamics links to the next,
 * the script gets the ranges of addresses that fill one page each, which no real program would know. It reads
 * subscription rows in 8 equal ranges of their keys.
 *
 * @param emails all addresses in the CRM. @throws Error if it did not read everybody.
 */
export async function readAll(
  world: World,
  emails: readonly string[],
  sendoutId: string,
): Promise<ReadAll> {
  const agent = keepAlive(world.crmUrl)
  const ranges = rangesOf(emails)
  const { total } = await world.crm.get<{ readonly total: number }>(
    `rows/${SUBSCRIPTIONS.table}?limit=1`,
  )
  let [requests, contacts, states, subscriptionRows] = [0, 0, 0, 0]
  const json = async <T>(asked: Asked): Promise<T> => {
    requests += 1
    const { status, body } = await askPatiently(asked, agent)
    if (status >= 300) {
      throw new Error(
        `${asked.method} ${asked.url}: ${status} ${body.toString('utf8').slice(0, 300)}`,
      )
    }
    return JSON.parse(body.toString('utf8')) as T
  }

  const readDynamics = async () => {
    const token = await dynamicsToken(world.crmUrl)
    requests += 1
    const headers = {
      authorization: `Bearer ${token}`,
      prefer: `odata.maxpagesize=${PAGE}`,
      'odata-version': '4.0',
      'odata-maxversion': '4.0',
      accept: 'application/json',
    }
    const readRange = async (path: string): Promise<number> => {
      let rows = 0
      let url: string | undefined = `${world.crmUrl}/api/data/v9.2/${path}`
      while (url !== undefined) {
        const page: DynamicsPage = await json({ method: 'GET', url, headers })
        rows += page.value.length
        url = page['@odata.nextLink']
      }
      return rows
    }
    await inParallel(ranges, AT_ONCE, async (filter) => {
      const rows = await readRange(`contacts?$select=${CONTACT_COLUMNS.join()}${filter}`)
      contacts += rows
    })
    const { table, setName } = SUBSCRIPTIONS
    const select = [`${table}id`, ...SUBSCRIPTION_COLUMNS].join()
    await inParallel(KEY_RANGES, AT_ONCE, async (filter) => {
      const rows = await readRange(`${setName}?$select=${select}${filter}`)
      subscriptionRows += rows
    })
  }

  const readEmarketeer = async () => {
    const base = `${world.emarketeerUrl}/sync-internal/v1/accounts/${DEMO_ACCOUNT.accountId}`
    const headers = { 'x-api-key': world.emarketeerKey, 'content-type': 'application/json' }
    const { audienceId } = await json<{ readonly audienceId: string }>({
      method: 'POST',
      url: `${base}/audiences`,
      headers,
      body: JSON.stringify({ sendoutId, ...CAMPAIGN }),
    })
    let cursor: string | null = null
    const ids: string[] = []
    do {
      const query = new URLSearchParams({ limit: String(PAGE), ...(cursor && { cursor }) })
      const url = `${base}/audiences/${audienceId}/contacts?${query}`
      const page: AudiencePage = await json({ method: 'GET', url, headers })
      ids.push(...page.items.map(({ contactId }) => contactId))
      cursor = page.nextCursor
    } while (cursor !== null)
    await inParallel(chunksOf(ids, STATES), AT_ONCE, async (contactIds) => {
      const body = JSON.stringify({ contactIds })
      const read = await json<{ readonly items: readonly unknown[] }>({
        method: 'POST',
        url: `${base}/states/read`,
        headers,
        body,
      })
      states += read.items.length
    })
  }

  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  await Promise.all([readDynamics(), readEmarketeer()])
  const ms = performance.now() - startedAt
  const cpu = process.cpuUsage(cpuBefore)
  agent.destroy()
  if (contacts !== emails.length || states !== emails.length || subscriptionRows !== total) {
    const rows = `${subscriptionRows} of ${total} subscription rows`
    throw new Error(`read ${contacts} and ${states} of ${emails.length}, ${rows}`)
  }
  const cpuMs = (cpu.user + cpu.system) / 1000
  return { ms, cpuMs, requests, contacts, states, subscriptionRows }
}

/** Fetches a token of the stand-in's application. */
export async function dynamicsToken(url: string): Promise<string> {
  const { tenantId, clientId, secret } = DEMO_DYNAMICS
  const answer = await fetch(`${url}/${tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: secret,
      scope: `${url}/.default`,
    }),
  })
  return ((await answer.json()) as { readonly access_token: string }).access_token
}

interface DynamicsPage {
  readonly value: readonly unknown[]
  readonly '@odata.nextLink'?: string
}

interface AudiencePage {
  readonly items: readonly { readonly contactId: string }[]
  readonly nextCursor: string | null
}

/** Filters for ranges of one page each. */
function rangesOf(emails: readonly string[]): readonly string[] {
  const sorted = [...emails].sort()
  const starts = sorted.filter((_, at) => at > 0 && at % PAGE === 0)
  return filtersOf('emailaddress1', starts)
}

/** Filters of the ranges that begin at these values, and of the one before them. */
function filtersOf(column: string, starts: readonly string[]): readonly string[] {
  return [undefined, ...starts].map((from, at) => {
    const to = starts[at]
    const parts = [
      ...(from === undefined ? [] : [`${column} ge '${from}'`]),
      ...(to === undefined ? [] : [`${column} lt '${to}'`]),
    ]
    return parts.length === 0 ? '' : `&$filter=${encodeURIComponent(parts.join(' and '))}`
  })
}

/** A row's key begins with its contact's GUID, so equal ranges of its first digit hold about as many rows each. */
const KEY_RANGES = filtersOf('em_rowkey', ['2', '4', '6', '8', 'a', 'c', 'e'])
