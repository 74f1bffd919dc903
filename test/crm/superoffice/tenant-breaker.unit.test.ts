import { describe, expect, it } from '@jest/globals'
import { AppError } from '../../../src/contracts/app-error.js'
import { tenantUnavailable } from '../../../src/crm/superoffice/tenant-status.js'
import { superOfficeFailure } from '../../../src/crm/superoffice/superoffice-failure.js'
import { breakerTripOf } from '../../../src/connection/to-app-error.js'

describe('the shared gate', () => {
  it('is closed by a tenant that does not run, for as long as it says', () => {
    expect(breakerTripOf(tenantUnavailable('OfflineMaintenance', 90_000))).toEqual({
      side: 'crm',
      forMs: 90_000,
      code: 'crm_tenant_unavailable',
    })
    expect(breakerTripOf(tenantUnavailable('Deleted', null))).toEqual({
      side: 'crm',
      forMs: 300_000,
      code: 'crm_tenant_deleted',
    })
  })

  it('is closed by refused credentials, and not by what is about one call', () => {
    expect(breakerTripOf(superOfficeFailure('upstream_auth_failed', 'GET /x', 'no'))).toMatchObject(
      {
        side: 'crm',
        code: 'crm_auth_failed',
      },
    )
    expect(breakerTripOf(superOfficeFailure('upstream_refused', 'GET /x', 'no'))).toBeNull()
    expect(breakerTripOf(new AppError('crm_refused', 'no'))).toBeNull()
  })
})
