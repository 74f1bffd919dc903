import type { ActionMeanings, PauseMeanings } from '../../src/contracts/setup.js'
import type { CrmClient, SetupStep } from '../../src/crm/crm.js'
import type { ToySession } from './toy-session.js'

/** The name under which we write. */
const SOURCE = 'eMarketeer'

/** Why a step of this CRM waits. */
export const TOY_PAUSES: PauseMeanings = {
  colourUncertain: { skipConfirms: 'you confirm that rows of ours need no colour' },
}

/** Support's decisions on it. */
export const TOY_ACTIONS: ActionMeanings = {
  useColour: {
    words: 'write in this colour',
    needs: 'colour',
    among: { list: 'colours', by: ['name'] },
  },
}

/** Steps of set-up: one that creates something in the CRM, and one that learns something about it. */
export const TOY_STEPS: readonly SetupStep[] = [
  {
    id: 'source',
    title: 'Enter eMarketeer among those who write',
    weight: 1,
    without: null,
    verify: async (session) =>
      crmOf(session).sources.has(SOURCE)
        ? { state: 'done' }
        : { state: 'due', changes: [{ what: `Source ${SOURCE}` }] },
    async do(session) {
      crmOf(session).sources.add(SOURCE)
      return {}
    },
    async undo(session) {
      crmOf(session).sources.delete(SOURCE)
      return {}
    },
  },
  {
    id: 'colour',
    title: 'Choose a colour',
    weight: 1,
    without: 'rows of ours have no colour',
    async verify(session, { choice }) {
      const { colours, colour } = crmOf(session)
      if (colours.length === 0 || colour !== null) {
        return { state: 'done' }
      }
      const chosen = choice?.['colour']
      return chosen === undefined
        ? {
            state: 'paused',
            pause: {
              code: 'colourUncertain',
              message: 'There are several colours.',
              choices: ['useColour', 'retry', 'skip', 'abort'],
              seen: { colours: colours.map((name) => ({ name })) },
            },
          }
        : { state: 'due', changes: [{ what: `Write in ${chosen}` }] }
    },
    async do(session, { choice }) {
      crmOf(session).colour = choice?.['colour'] ?? null
      return {}
    },
    async undo(session) {
      crmOf(session).colour = null
      return {}
    },
  },
  {
    id: 'measureInsert',
    title: 'Measure what version an insert makes',
    weight: 1,
    without: null,
    verify: async ({ firstVersion }) =>
      firstVersion === null
        ? { state: 'due', changes: [{ what: 'Learn what version an insert makes' }] }
        : { state: 'done' },
    do: async (session) => ({ firstVersion: crmOf(session).switches.firstVersion }),
    undo: async () => ({ firstVersion: null }),
  },
]

function crmOf(session: CrmClient) {
  return (session as ToySession).crm
}
