import type { Provided } from './broker.js'

/** Time-out of the hooks that may be first to need a server: it may have to be fetched. */
export const provisionTimeoutMs = 300_000

/** Asks this run's broker for something, which starts it when it is asked for the first time. */
export async function askBroker<Name extends keyof Provided>(name: Name): Promise<Provided[Name]> {
  const response = await fetch(`${process.env['LBSYNC_TEST_BROKER']}/${name}`)
  const body = await response.text()
  if (!response.ok) {
    throw new Error(body)
  }
  return JSON.parse(body) as Provided[Name]
}
