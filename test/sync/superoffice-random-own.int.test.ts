import { OwnBasisLives } from './support/own-basis-life.js'
import { keepsEveryOptOutAtSuperOffice } from './support/superoffice-suite.js'
import { withSuperOfficeWorld } from './support/superoffice-world.js'

// The tenant has a legal basis of its own, which the connection file sometimes maps.
keepsEveryOptOutAtSuperOffice(withSuperOfficeWorld(), [21, 22], OwnBasisLives)
