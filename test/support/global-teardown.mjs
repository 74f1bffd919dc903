/** Ends everything that this run's broker has started. */
export default async function globalTeardown() {
  await globalThis.lbsyncTestBroker.stop()
}
