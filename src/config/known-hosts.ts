import { isLoopback } from './check-url.js'

/** Where a connection file may send secrets and people to: hosts that a CRM is known by, and those that the operator allows. */
export interface AllowedHosts {
  /** From CONNECTION_HOSTS: `crm.fjord.no`, or `*.fjord.no` for any host below it. */
  readonly byOperator: readonly string[]
  /** This machine itself, for trying out and tests. */
  readonly loopback: boolean
}

/** A host in CONNECTION_HOSTS. */
export const HOST_PATTERN = /^(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/

/** Whether an address is at one of some hosts. @param known by the CRM, in the same form as the operator's. */
export function isAllowedHost(
  address: string,
  known: readonly string[],
  { byOperator, loopback }: AllowedHosts,
): boolean {
  const url = new URL(address)
  const host = url.hostname.toLowerCase()
  const fits = (pattern: string) =>
    pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern
  return (loopback && isLoopback(url)) || [...known, ...byOperator].some(fits)
}
