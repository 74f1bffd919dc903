import { keepsEveryOptOutAtSuperOffice } from './support/superoffice-suite.js'
import { withSuperOfficeWorld } from './support/superoffice-world.js'

// Saving a card stamps its consents, rows begin with version 1, and there is no mass write.
const world = withSuperOfficeWorld({
  saveTouchesConsent: true,
  firstUpdatedCount: 1,
  updatedOnInsert: 'registered',
  upsert: 'absent',
})
keepsEveryOptOutAtSuperOffice(world, [11])
