import { keepsEveryOptOutAtSuperOffice } from './support/superoffice-suite.js'
import { withSuperOfficeWorld } from './support/superoffice-world.js'

// Measured on a test person: many writes are sent in one request.
keepsEveryOptOutAtSuperOffice(withSuperOfficeWorld({}, { testPerson: true }), [1, 2, 3])
