/** Ends whatever the broker of this run has started. */
export default async function globalTeardown() {
  await globalThis.lbsyncTestBroker.stop()
}
