import { tsImport } from 'tsx/esm/api'

/** Starts this run's broker; the environment passes its address to the test processes. */
export default async function globalSetup() {
  const { Broker } = await tsImport('./broker.ts', import.meta.url)
  globalThis.lbsyncTestBroker = await Broker.start()
  process.env.LBSYNC_TEST_BROKER = globalThis.lbsyncTestBroker.url
}
