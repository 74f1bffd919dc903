import { holdsContract } from './holds-contract.js'
import { toyStand } from './stands/toy.js'

holdsContract(toyStand)
