import type { StandInControl } from '../../../simulators/common/control-client.js'
import type { SuperofficeOptions } from '../../../simulators/superoffice/options.js'
import { startStand } from '../../crm/superoffice/setup/stand.js'
import { EMAIL } from './dynamics-organisation.js'
import type { Organisation } from './pause-place.js'

/** An installation of SuperOffice: the stand-in's control API, and our parts in it. */
export interface SuperOfficeOrganisation extends Organisation {
  readonly control: StandInControl
  /** Number of the one person. */
  readonly personId: number
}

interface Person {
  readonly emails: readonly { readonly address: string }[]
  readonly consents: Readonly<Record<string, { readonly legalBase: string }>>
}

/** Starts one; `measured`: its one person is also the test person. */
export async function startInstallation(
  options: SuperofficeOptions = {},
  { measured = false } = {},
): Promise<SuperOfficeOrganisation> {
  const online = options.mode !== 'onsite'
  const { control, config, close } = await startStand({ allowHttpWebhooks: true, ...options })
  const { personIds } = await control.post<{ personIds: number[] }>('persons', {
    persons: [
      {
        emails: [EMAIL],
        registered: '2020-01-01T10:00:00Z',
        associateId: 12,
        consents: { EMARKETING: { legalBase: '61A', source: 'USER', associateId: 12 } },
        silent: true,
      },
    ],
  })
  const personId = personIds[0] ?? 0
  return {
    control,
    personId,
    close,
    connects: {
      crm: online ? 'superoffice-online' : 'superoffice-onsite',
      superoffice: { ...(config as object), ...(measured ? { testPersonId: personId } : {}) },
    },
    async standing() {
      const persons = await control.lines<Person>('dump')
      const person = persons.find(({ emails }) => emails.some(({ address }) => address === EMAIL))
      const sources = await control.get<readonly { key: string }[]>('lists/ConsentSource')
      const { webhooks } = await control.get<{ webhooks: readonly unknown[] }>('webhooks')
      return {
        source: sources.some(({ key }) => key === 'EMARKETEER'),
        webhooks: webhooks.length,
        optedOut: person?.consents['EMARKETING']?.legalBase === 'WITHDRAWN',
      }
    },
  }
}
