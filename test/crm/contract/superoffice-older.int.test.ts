import { holdsContract } from './holds-contract.js'
import { superOfficeStand } from './stands/superoffice.js'

// A server of years ago: keys with a prefix, no archive by POST, no webhooks.
holdsContract(() => superOfficeStand({ mode: 'onsite', older: true }))
