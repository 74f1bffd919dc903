import type { Provided } from './broker.js'

/** Time-out of hooks that may be the first to need a server, which may have to be downloaded. */
export const provisionTimeoutMs = 300_000

/** Requests a resource from this run's broker. The first request starts it. */
export async function askBroker<Name extends keyof Provided>(name: Name): Promise<Provided[Name]> {
  const response = await fetch(`${process.env['LBSYNC_TEST_BROKER']}/${name}`)
  const body = await response.text()
  if (!response.ok) {
    throw new Error(body)
  }
  return JSON.parse(body) as Provided[Name]
}
