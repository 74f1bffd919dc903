import { holdsContract } from './holds-contract.js'
import { dynamicsStand } from './stands/dynamics.js'

holdsContract(dynamicsStand)
