import { setupRead } from '../../../own-step.js'
import { z } from 'zod'
import {
  answer,
  type CallContext,
  part,
  UpstreamError,
  ifAvailable,
} from '../../../../http/index.js'
import { SetupPaused } from '../../../crm.js'
import type { DataverseClient } from '../../client.js'
import { HAS_DEPENDENTS } from '../../wire/errors.js'

const dependency = answer(
  {
    name: 'dynamics.dependent',
    operation: 'GET /RetrieveDependenciesForDelete',
    lossUnit: 'record',
  },
  part({ dependentcomponenttype: z.number(), dependentcomponentobjectid: z.string() }),
)
const named = answer(
  { name: 'dynamics.named', operation: 'GET /{set}({id})', lossUnit: 'call' },
  part({ name: z.string().nullish().catch(null) }),
)

/** What people call each component type, and the entity set with its names (docs/wire-dataverse.md, 16.14). */
const KINDS: Readonly<Record<number, { readonly kind: string; readonly set?: string }>> = {
  1: { kind: 'table' },
  2: { kind: 'column' },
  10: { kind: 'relationship' },
  14: { kind: 'key' },
  26: { kind: 'view', set: 'savedqueries' },
  29: { kind: 'process', set: 'workflows' },
  59: { kind: 'chart', set: 'savedqueryvisualizations' },
  60: { kind: 'form', set: 'systemforms' },
  61: { kind: 'web resource', set: 'webresourceset' },
  92: { kind: 'webhook step', set: 'sdkmessageprocessingsteps' },
}

/** A component to delete. `type`: 1 table, 2 column, 10 relationship, 14 key. */
export interface DeletedComponent {
  readonly type: number
  readonly id: string
  /** Its name for people. */
  readonly what: string
}

/**
 * Deletes with `remove`. If Dataverse refuses because a component of the customer's uses this one, pauses with the
 * names of all that do: only the customer can decide what happens to them.
 *
 * @throws SetupPaused `stepFailed`, UpstreamError.
 */
export async function namingDependents(
  client: DataverseClient,
  component: DeletedComponent,
  remove: () => Promise<void>,
  context: CallContext,
): Promise<void> {
  try {
    await remove()
  } catch (error) {
    if (!(error instanceof UpstreamError) || error.upstreamCode !== HAS_DEPENDENTS) {
      throw error
    }
    // The refusal proves the use. The names are only for people, and the format of this list is not documented.
    const used = (await ifAvailable(dependentsOf(client, component, context))) ?? []
    const names = used.map(({ kind, name, id }) => `${kind} ${name ?? id}`).join(', ')
    throw new SetupPaused({
      code: 'stepFailed',
      message: `${component.what} cannot be removed, as it is used by ${names || 'other components'}. Remove the use, then retry.`,
      choices: ['retry', 'abort'],
      seen: { component: component.what, dependents: used },
    })
  }
}

async function dependentsOf(
  client: DataverseClient,
  { type, id }: DeletedComponent,
  context: CallContext,
): Promise<{ kind: string; id: string; name: string | null }[]> {
  const { operation } = dependency
  const path = `RetrieveDependenciesForDelete(ObjectId=${id},ComponentType=${type})`
  const request = setupRead(path, operation)
  const used: { kind: string; id: string; name: string | null }[] = []
  for (const row of await client.rows(request, dependency, context)) {
    const dependent = KINDS[row.dependentcomponenttype]
    const dependentId = row.dependentcomponentobjectid.toLowerCase()
    used.push({
      kind: dependent?.kind ?? `component of type ${row.dependentcomponenttype}`,
      id: dependentId,
      name:
        dependent?.set === undefined
          ? null
          : await nameOf(client, dependent.set, dependentId, context),
    })
  }
  return used
}

/** The name is only for people; null if it cannot be read, and the id is shown instead. */
async function nameOf(
  client: DataverseClient,
  setName: string,
  id: string,
  context: CallContext,
): Promise<string | null> {
  const path = `${setName}(${id})?$select=name`
  const operation = `GET /${setName}({id})`
  const request = setupRead(path, operation)
  const response = await ifAvailable(client.json(request, named, context))
  return response?.body.name ?? null
}
