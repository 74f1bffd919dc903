/** Every workflow type, under the name by which it is started. Only registers. */
export { contactInbox } from './contact-inbox.js'
export { forceSync } from './force-sync.js'
export { preSend } from './pre-send.js'
export { resync } from './resync.js'
export { dynamicsSetup } from './setup.js'
export { backgroundSweep, sweepRun } from './sweep.js'
