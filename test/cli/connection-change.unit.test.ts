import { describe, expect, it } from '@jest/globals'
import type { ConnectionFile } from '../../src/config/connection/connection-file.js'
import { checkChange } from '../../src/app/connection/store-connection.js'
import { refuseToPause, refuseToResume } from '../../src/ledger/connection/connection-life.js'
import type { ConnectionRow, ConnectionState } from '../../src/ledger/connection/connections.js'

const file = {
  connectionId: 'acme-dynamics',
  accountId: '1001',
  crm: 'dynamics',
  legalBasisSync: true,
  subscriptionSync: true,
} as unknown as ConnectionFile

const row = (changes: Partial<ConnectionRow>) =>
  ({ ...file, state: 'active', pauseMode: null, ...changes }) as unknown as ConnectionRow

/** The error of a check, as its code and message; null: none. */
function refusal(check: () => void): { code: string; message: string } | null {
  try {
    check()
    return null
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    return { code, message }
  }
}

const apply = (
  existing: Partial<ConnectionRow> | null,
  ofAccount: Partial<ConnectionRow> | null,
  changes: Partial<ConnectionFile> = {},
) =>
  refusal(() =>
    checkChange(
      { ...file, ...changes },
      {
        existing: existing && row(existing),
        ofAccount: ofAccount && row(ofAccount),
      },
    ),
  )

describe('applying a file', () => {
  it.each<[string, Partial<ConnectionRow> | null]>([
    ['a new connection', null],
    ['a running one as it is', {}],
    ['one that is set up', { state: 'settingUp' }],
    ['a disabled one, with sync switched on', { state: 'disabled', legalBasisSync: false }],
  ])('is taken for %s', (_, existing) => {
    expect(apply(existing, existing && { ...existing })).toBeNull()
  })

  it.each(['legalBasisSync', 'subscriptionSync'] as const)('switches %s off in place', (name) => {
    expect(apply({}, {}, { [name]: false })).toBeNull()
  })

  it.each(['legalBasisSync', 'subscriptionSync'] as const)(
    'refuses to switch %s on in place, and says how',
    (name) => {
      const refused = apply({ [name]: false }, { [name]: false })
      expect(refused?.code).toBe('sync_needs_reenable')
      expect(refused?.message).toMatch(
        /Disable the integration entirely \(CRM "None", apply changes\) and enable it again/,
      )
    },
  )

  it('is refused for a paused one, and says what to run', () => {
    expect(apply({ state: 'paused' }, null)).toEqual({
      code: 'connection_paused',
      message: expect.stringContaining('lbsync connection resume acme-dynamics'),
    })
  })

  it('is refused beside another active CRM of the account, with the file that disables it', () => {
    const refused = apply(null, { connectionId: 'acme-so', crm: 'superoffice-online' })
    expect(refused).toEqual({
      code: 'tenant_has_active_crm',
      message: expect.stringContaining(
        '{"connectionId":"acme-so","accountId":"1001","crm":"none","legalBasisSync":false}',
      ),
    })
  })

  it('does not move a connection to another CRM', () => {
    expect(apply({ crm: 'superoffice-online', state: 'disabled' }, null)?.code).toBe(
      'value_invalid',
    )
  })
})

describe('pausing and resuming', () => {
  it.each<[ConnectionState, string | null, string | null]>([
    ['active', null, 'connection_not_paused'],
    ['paused', null, null],
    ['settingUp', 'connection_setting_up', 'connection_not_paused'],
    ['disabled', 'connection_disabled', 'connection_not_paused'],
  ])('a connection that is %s', (state, pausing, resuming) => {
    const connection = { connectionId: 'acme', state, crmBlockedCode: null }
    expect(refusal(() => refuseToPause(connection))?.code ?? null).toBe(pausing)
    expect(refusal(() => refuseToResume(connection))?.code ?? null).toBe(resuming)
  })

  it.each([
    ['crm_auth_failed', null],
    ['crm_tenant_deleted', null],
    ['crm_rate_limited', 'connection_not_paused'],
  ])('a connection that the service itself holds back for %s', (crmBlockedCode, resuming) => {
    const connection = { connectionId: 'acme', state: 'active', crmBlockedCode } as const
    expect(refusal(() => refuseToResume(connection))?.code ?? null).toBe(resuming)
  })
})
