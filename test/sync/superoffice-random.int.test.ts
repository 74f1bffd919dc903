import { keepsEveryOptOutAtSuperOffice } from './support/superoffice-suite.js'
import { withSuperOfficeWorld } from './support/superoffice-world.js'

keepsEveryOptOutAtSuperOffice(withSuperOfficeWorld(), [1, 2, 3])
