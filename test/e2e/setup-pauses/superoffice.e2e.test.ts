import { runsEveryChoice } from './runs-every-choice.js'
import { SUPEROFFICE_PLACES } from './superoffice-places.js'

runsEveryChoice(SUPEROFFICE_PLACES)
