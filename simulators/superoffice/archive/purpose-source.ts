import type { Installation } from '../installation.js'
import type { ColumnType, Table } from '../model/table.js'
import type { ArchiveColumn } from './columns.js'
import { JoinPlan, type Step } from './join-plan.js'
import type { ArchiveSource } from './source.js'

type Place = 'purpose' | 'consent' | 'person' | 'email'

/** Source of each column (wire page, 6.2). The consent's registered date is not a column. */
const COLUMNS: Readonly<Record<string, readonly [Place, string, ColumnType | 'list' | 'bool']>> = {
  consentPurposeId: ['purpose', 'consentPurpose_id', 'int'],
  key: ['purpose', 'key', 'string'],
  name: ['purpose', 'name', 'string'],
  'consentPerson/consentPersonId': ['consent', 'consentperson_id', 'int'],
  'consentPerson/personId': ['consent', 'person_id', 'int'],
  'consentPerson/legalBase': ['consent', 'legalBase_id', 'list'],
  'consentPerson/consentSource': ['consent', 'consentSource_id', 'list'],
  'consentPerson/comment': ['consent', 'comment', 'string'],
  'consentPerson/updatedDate': ['consent', 'updated', 'datetime'],
  'consentPerson/updatedBy': ['consent', 'updated_associate_id', 'int'],
  'consentPerson/person/personRegisteredDate': ['person', 'registered', 'datetime'],
  'consentPerson/person/retired': ['person', 'retired', 'bool'],
  'consentPerson/person/email/emailAddress': ['email', 'email_address', 'string'],
}

/** Archive `ConsentPurpose`: one row per purpose, consent row and, on request, address. */
export function openConsentPurpose(world: Installation): ArchiveSource {
  const { store } = world
  const plan = new JoinPlan(store.consentpurpose as unknown as Table)
  const node = (place: Place): number => {
    switch (place) {
      case 'purpose':
        return 0
      case 'consent':
        return plan.join(0, reverse('consentPurpose_id'), store.consentperson as unknown as Table)
      case 'person': {
        const step: Step = { kind: 'forward', column: 'person_id', inner: false }
        return plan.join(node('consent'), step, store.person as unknown as Table)
      }
      case 'email':
        return plan.join(
          node('person'),
          reverse('person_id'),
          store.email as unknown as Table,
          (row) => row['type'] === 0,
        )
    }
  }
  return {
    plan,
    entities: ['consentPurpose'],
    entityOf: () => 'consentPurpose',
    visible: (root) => root['deleted'] === 0,
    accepts: () => true,
    column: (name): ArchiveColumn | undefined => {
      if (!Object.hasOwn(COLUMNS, name)) {
        return undefined
      }
      const [place, stored, type] = COLUMNS[name]!
      const at = node(place)
      const list = stored === 'legalBase_id' ? store.legalbase : store.consentsource
      return {
        name,
        type,
        node: at,
        stored,
        value: (tuple) => tuple[at]?.[stored],
        ...(type === 'list' ? { display: (id) => list.get(id)?.name ?? '' } : {}),
      }
    },
  }
}

function reverse(column: string): Step {
  return { kind: 'reverse', column }
}
