import { z } from 'zod'
import type { CrmDriver } from '../../src/crm/crm.js'

/** A CRM driver with a section like Dynamics'. Only its description is used; it opens nothing. */
export const exampleDriver = {
  crm: 'dynamics',
  configSection: 'dynamics',
  configSchema: z.strictObject({
    environmentUrl: z.url(),
    tenantId: z.string().min(1),
    clientId: z.string().min(1),
    clientSecret: z.string().min(1).max(100),
    authorityHost: z.url().default('https://login.example.test'),
  }),
  secretPaths: ['clientSecret'],
  knownHosts: { environmentUrl: ['*.dynamics.example'], authorityHost: ['login.example.test'] },
  environmentPaths: ['environmentUrl'],
  capabilities: { subscriptions: true },
} as unknown as CrmDriver

/** A secret as a person would paste it. It must not appear anywhere. */
export const PASTED_SECRET = 'sup3r~Pasted.Secret-4711'

/** A valid connection file. */
export const goodFile = {
  connectionId: 'acme-dynamics',
  accountId: '1001',
  crm: 'dynamics',
  legalBasisSync: true,
  dynamics: {
    environmentUrl: 'https://acme.crm4.dynamics.example',
    tenantId: 't-1',
    clientId: 'c-1',
    clientSecret: { env: 'ACME_SECRET' },
  },
}
