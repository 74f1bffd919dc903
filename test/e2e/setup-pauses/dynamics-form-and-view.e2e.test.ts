import { FORM_PLACES } from './form-places.js'
import { runsEveryChoice } from './runs-every-choice.js'
import { VIEW_PLACES } from './view-places.js'

runsEveryChoice([...FORM_PLACES, ...VIEW_PLACES])
