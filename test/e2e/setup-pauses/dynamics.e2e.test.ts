import { DYNAMICS_PLACES } from './dynamics-places.js'
import { FORM_PLACES } from './form-places.js'
import { runsEveryChoice } from './runs-every-choice.js'
import { VIEW_PLACES } from './view-places.js'

// Those of form and view have a separate file, so that two run in parallel.
const elsewhere = new Set([...FORM_PLACES, ...VIEW_PLACES])

runsEveryChoice(DYNAMICS_PLACES.filter((place) => !elsewhere.has(place)))
