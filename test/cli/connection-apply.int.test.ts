import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { ErrorDocument } from '../../src/contracts/app-error.js'
import { disableConnection } from '../../src/ledger/connection/connection-life.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { withDatabase } from '../support/with-database.js'
import { withTemporal } from '../support/with-temporal.js'
import {
  ACCOUNT_ID,
  CLIENT_SECRET,
  SERVICE_KEY,
  startStandIns,
  type StandIns,
} from '../sync/support/stand-ins.js'
import { withFiles } from './files.js'
import { documentOf, runLbsync } from './run-lbsync.js'

const database = withDatabase()
const temporal = withTemporal()
const files = withFiles()
const connectionId = 'acme-dynamics'
let standIns: StandIns
let db: Database

beforeAll(async () => {
  standIns = await startStandIns()
  db = openDatabase(database.url, { maxConnections: 1 })
})
afterAll(async () => {
  await db?.close()
  await standIns?.close()
})

interface Changes {
  readonly accountId?: string
  readonly secret?: string
  readonly section?: Readonly<Record<string, string>>
}

/** `connection apply --no-setup` of a file that is valid except for the changes. */
async function apply({ accountId = ACCOUNT_ID, secret = CLIENT_SECRET, section }: Changes = {}) {
  const file = await files.write({
    connectionId,
    accountId,
    crm: 'dynamics',
    legalBasisSync: true,
    dynamics: { ...standIns.dynamicsSection, clientSecret: { env: 'ACME_SECRET' }, ...section },
  })
  return lbsync({ ACME_SECRET: secret }, 'connection', 'apply', file, '--no-setup')
}

function lbsync(more: Readonly<Record<string, string>>, ...args: string[]) {
  return runLbsync([...args, '--json'], {
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    EMARKETEER_SYNC_URL: standIns.emarketeerUrl,
    EMARKETEER_CONNECT_URL: standIns.emarketeerUrl,
    EMARKETEER_API_KEY: SERVICE_KEY,
    SECRETS_KEY: 'a-key-of-more-than-32-characters-',
    ALLOW_LOOPBACK_HTTP: 'true',
    ...more,
  })
}

const listed = async () =>
  documentOf<{ connections: readonly { state: string }[] }>(await lbsync({}, 'connection', 'list'))
    .connections

beforeEach(() => db.query('DELETE FROM connections'))

describe('connection apply --no-setup', () => {
  it('reports the state afterwards, also of one that was disabled', async () => {
    const state = 'settingUp'
    expect(documentOf(await apply())).toMatchObject({ connectionId, state })
    const asked = { interventionId: randomUUID(), connectionId, reason: 'they left', by: 'Kari' }
    await db.transaction((tx) => disableConnection(tx, asked, false))
    expect(await listed()).toMatchObject([{ state: 'disabled' }])
    expect(documentOf(await apply())).toMatchObject({ connectionId, state })
    expect(await listed()).toMatchObject([{ state }])
  })
})

describe('connection apply, by what it asks of both systems,', () => {
  it.each<readonly [string, () => Changes, number, object]>([
    [
      'an account that eMarketeer does not have',
      () => ({ accountId: '9999' }),
      3,
      {
        code: 'account_not_found',
        message: 'eMarketeer has no account 9999.',
        path: 'accountId',
        value: '9999',
      },
    ],
    [
      'an address that is no environment of the tenant',
      () => ({
        section: {
          environmentUrl: standIns.dynamicsSection['environmentUrl']!.replace(
            '127.0.0.1',
            'localhost',
          ),
        },
      }),
      5,
      {
        code: 'crm_auth_failed',
        message: expect.stringMatching(/Entra does not know this environment address/),
        path: 'dynamics',
        value: 'invalid_resource',
      },
    ],
    [
      'a wrong secret',
      () => ({ secret: 'not-the-secret' }),
      5,
      {
        code: 'crm_auth_failed',
        message: expect.stringMatching(/The client secret is wrong or has expired/),
        path: 'dynamics',
        value: 'invalid_client',
      },
    ],
  ])('refuses %s in plain words, and stores nothing', async (_what, changes, exitCode, told) => {
    const ended = await apply(changes())
    expect(documentOf<ErrorDocument>(ended).error).toMatchObject(told)
    expect(ended.exitCode).toBe(exitCode)
    expect(await listed()).toEqual([])
  })
})
