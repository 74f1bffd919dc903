import { z } from 'zod'

/** Where Entra ID issues tokens, unless the connection file names another host (sovereign clouds). */
export const DEFAULT_AUTHORITY_HOST = 'https://login.microsoftonline.com'

/**
 * Hosts of environments: the public cloud, US Government (GCC High, DoD) and China (Microsoft, "Datacenter regions").
 * Germany's own cloud was closed in 2021.
 */
export const ENVIRONMENT_HOSTS = [
  '*.dynamics.com',
  '*.microsoftdynamics.us',
  '*.appsplatform.us',
  '*.dynamics.cn',
]

/** Where Entra ID issues tokens in these clouds (Microsoft, "Microsoft Entra authentication & national clouds"). */
export const AUTHORITY_HOSTS = [
  'login.microsoftonline.com',
  'login.microsoftonline.us',
  'login.partner.microsoftonline.cn',
  'login.chinacloudapi.cn',
]

const address = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''))

/** The connection file's section `dynamics`, secrets resolved. Which URLs may be http is checked elsewhere. */
export const dynamicsConfigSchema = z.strictObject({
  /** The environment, e.g. `https://acme.crm4.dynamics.com`; also the resource that tokens are requested for. */
  environmentUrl: address.refine((url) => new URL(url).origin === url.toLowerCase(), {
    error: 'must be a host without a path',
  }),
  /** Entra tenant: id or domain. */
  tenantId: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/),
  /** Application (client) id. */
  clientId: z.string().min(1).max(200),
  clientSecret: z.string().min(1),
  authorityHost: address.default(DEFAULT_AUTHORITY_HOST),
})

export type DynamicsConfig = z.output<typeof dynamicsConfigSchema>
