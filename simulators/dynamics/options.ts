/** An app registration of the stand-in's tenant, with its application user in the organisation. */
export interface AppRegistration {
  readonly clientId: string
  readonly secret: string
  /** `expired` answers 7000222. */
  readonly secretState?: 'valid' | 'expired'
  /** `none`: the token is valid, and every call gets 403 0x80072560; `disabled`: 403 0x80040225. */
  readonly applicationUser?: 'enabled' | 'disabled' | 'none'
}

/** Options at the start; see docs/simulators.md. */
export interface DynamicsOptions {
  readonly port: number
  readonly tenantId: string
  readonly organizationName: string
  readonly apps: readonly AppRegistration[]
  /** Base language of labels, e.g. 1033 or 1053. */
  readonly languageCode: number
  readonly languages: readonly number[]
  readonly tokenLifetimeSeconds: number
  /** Age at which a delta token is refused with 0x80044352. */
  readonly expireChangeTrackingInDays: number
  /** Refuse delta tokens of a table whose columns changed since (trap 9). */
  readonly expireTokensOnMetadataChange: boolean
  /** How long a new table or column stays unknown to the data API, unless `Consistency: Strong`. */
  readonly metadataCacheDelayMs: number
  /** Status for a missing definition; the code is 0x80040217. Microsoft documents only the code. */
  readonly absentDefinitionStatus: 400 | 404
  /** Reads of a key's status that answer Pending or InProgress before Active. */
  readonly keyActivationReads: number
  /** Duration of each metadata write and publish, during which the customization lock is held. */
  readonly customizationMs: number
  /**
   * Factor on the duration of customizing: 1 as in a real organisation (set-up takes about ten minutes), 0 none. The
   * switch `pace` changes it.
   */
  readonly pace: number
  /** Added to every data request. */
  readonly latencyMs: number
  /**
   * Whether the application user gets the privileges of tables that are created later, as if an administrator granted
   * them.
   */
  readonly grantNewTables: boolean
  /** Change tracking of contact; off in some organisations. */
  readonly contactChangeTracking: boolean
  readonly auditEnabled: boolean
  /** Delay of audit rows after their change. */
  readonly auditDelayMs: number
  readonly limits: {
    readonly requests: number
    readonly executionMs: number
    readonly concurrent: number
    readonly windowSeconds: number
  }
  /** For tests on loopback; without it a webhook URL must use port 80 or 443. */
  readonly allowAnyWebhookPort: boolean
  readonly webhookTimeoutMs: number
  readonly webhookConcurrency: number
  /** Messages without a filter for contact, e.g. `UpdateMultiple` without bulk operations. */
  readonly contactWithoutMessages: readonly string[]
  /** The editable grid controls installed. An older organisation has none. */
  readonly customControls: readonly string[]
  /** Seed of everything random: faults and sample data. */
  readonly seed: number
}

/** A stock organisation with the real limits. */
export const DEFAULT_OPTIONS: DynamicsOptions = {
  port: 0,
  tenantId: '5f1c1d5e-6d4f-4a58-9a0e-5b7f3f1f2c11',
  organizationName: 'contoso',
  apps: [{ clientId: '0f8c1a52-7e0b-4d7f-9c55-1f2d3c4b5a69', secret: 'simulator-secret' }],
  languageCode: 1033,
  languages: [1033, 1053],
  tokenLifetimeSeconds: 3599,
  expireChangeTrackingInDays: 7,
  expireTokensOnMetadataChange: true,
  metadataCacheDelayMs: 0,
  absentDefinitionStatus: 404,
  keyActivationReads: 2,
  customizationMs: 0,
  pace: 0,
  latencyMs: 0,
  grantNewTables: true,
  contactChangeTracking: true,
  auditEnabled: true,
  auditDelayMs: 0,
  limits: { requests: 6000, executionMs: 1_200_000, concurrent: 52, windowSeconds: 300 },
  allowAnyWebhookPort: false,
  webhookTimeoutMs: 60_000,
  webhookConcurrency: 4,
  contactWithoutMessages: [],
  customControls: ['MscrmControls.Grid.PCFGridControl', 'MscrmControls.Grid.GridControl'],
  seed: 1,
}

/** The defaults with some replaced; `limits` may be partial. */
export function withDefaults(
  given: Partial<Omit<DynamicsOptions, 'limits'>> & { limits?: Partial<DynamicsOptions['limits']> },
): DynamicsOptions {
  return {
    ...DEFAULT_OPTIONS,
    ...given,
    limits: { ...DEFAULT_OPTIONS.limits, ...given.limits },
  }
}
