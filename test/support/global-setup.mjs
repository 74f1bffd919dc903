import { tsImport } from 'tsx/esm/api'

/** Starts the broker of this run; the address goes to the test processes by environment. */
export default async function globalSetup() {
  const { Broker } = await tsImport('./broker.ts', import.meta.url)
  globalThis.lbsyncTestBroker = await Broker.start()
  process.env.LBSYNC_TEST_BROKER = globalThis.lbsyncTestBroker.url
}
