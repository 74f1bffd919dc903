import { DYNAMICS_PLACES } from './dynamics-places.js'
import { runsEveryChoice } from './runs-every-choice.js'

runsEveryChoice(DYNAMICS_PLACES)
