import { isMainThread } from 'node:worker_threads'

/**
 * Loaded first into jest's processes (scripts/test.mjs). Lets each end soon after its parent, however that ended: a
 * signal reaches only one process, and jest's own do not notice. The IPC channel cannot tell, since a listener for its
 * end keeps an idle process alive.
 */
const LOOK_EVERY_MS = 500
const parent = process.ppid
if (isMainThread) {
  setInterval(() => {
    if (process.ppid !== parent) {
      process.exit(143)
    }
  }, LOOK_EVERY_MS).unref()
}
