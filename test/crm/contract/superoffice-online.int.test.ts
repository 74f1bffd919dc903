import { holdsContract } from './holds-contract.js'
import { superOfficeStand } from './stands/superoffice.js'

holdsContract(() => superOfficeStand({ mode: 'online' }))
