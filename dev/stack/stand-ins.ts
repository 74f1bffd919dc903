import { findOnPath } from '../embedded/find-executable.js'
import type { RunningProgram } from '../embedded/start-program.js'
import type { Parts } from './parts.js'

/** A stand-in's addresses: what it stands in for, and its control API. */
export interface StandIn {
  readonly url: string
  readonly controlUrl: string
}

/** What the stand-in for SuperOffice Online hands out, beside its addresses. */
export interface SuperOfficeOnline extends StandIn {
  readonly online: {
    readonly loginUrl: string
    readonly contextIdentifier: string
    readonly clientSecret: string
    readonly systemUserToken: string
    readonly privateKeyPem: string
  }
}

/** The same for an installation on site. */
export interface SuperOfficeOnsite extends StandIn {
  readonly apiUrl: string
  readonly onsite: {
    readonly user: string
    readonly password: string
    /** Its own certificate authority; null: it speaks plain http. */
    readonly caPem: string | null
  }
}

/** A customer's two kinds of SuperOffice. */
export interface SuperOfficePair {
  readonly online: SuperOfficeOnline
  readonly onsite: SuperOfficeOnsite
}

/** Starts one stand-in as a process of its own. */
export function startStandIn<Ready extends StandIn>(
  parts: Parts,
  entry: string,
  options: Readonly<Record<string, unknown>>,
): Promise<RunningProgram<Ready>> {
  return parts.start<Ready>(`The stand-in ${entry}`, {
    entry,
    args: ['--port', '0', '--options', JSON.stringify(options)],
    readyTimeoutMs: 180_000,
  })
}

/**
 * SuperOffice twice: Online, which posts webhooks to http on loopback too, and on site, which posts none, as a plain
 * installation. On site it speaks https under an authority of its own where this machine has openssl to make one.
 */
export async function startSuperOffice(parts: Parts): Promise<SuperOfficePair> {
  const entry = 'simulators/superoffice/main.ts'
  const tls = (await findOnPath('openssl')) !== undefined
  const [online, onsite] = await Promise.all([
    startStandIn<SuperOfficeOnline>(parts, entry, { mode: 'online', allowHttpWebhooks: true }),
    startStandIn<SuperOfficeOnsite>(parts, entry, {
      mode: 'onsite',
      tls,
      password: ONSITE_PASSWORD,
    }),
  ])
  return { online: online.ready, onsite: onsite.ready }
}

const ONSITE_PASSWORD = 'simulator-password'
