import { holdsContract } from './holds-contract.js'
import { superOfficeStand } from './stands/superoffice.js'

// An old server: keys with a prefix, no archive by POST, no webhooks.
holdsContract(() => superOfficeStand({ mode: 'onsite', older: true }))
