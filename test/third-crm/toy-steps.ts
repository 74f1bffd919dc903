import type { CrmClient, SetupStep } from '../../src/crm/crm.js'
import type { ToySession } from './toy-session.js'

/** The name under which we write. */
const SOURCE = 'eMarketeer'

/** Steps of set-up: one that makes something in the CRM, and one that learns something of it. */
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
