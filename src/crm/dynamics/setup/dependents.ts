import { z } from 'zod'
import { type CallContext, UpstreamError } from '../../../http/index.js'
import { SetupPaused } from '../../crm.js'
import type { DataverseClient } from '../client.js'
import { whereTold } from '../told.js'
import { HAS_DEPENDENTS } from '../wire/error-codes.js'
import { rowsOf } from '../wire/rows-of.js'

const dependents = z.object({
  value: rowsOf(
    z.object({
      dependentcomponenttype: z.number(),
      dependentcomponentobjectid: z.string(),
    }),
  ),
})

/** Component types as people call them, and where their names are (docs/wire-dataverse.md, 16.14). */
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

/** A component that is to be deleted. `type`: 1 table, 2 column, 10 relationship, 14 key. */
export interface DeletedComponent {
  readonly type: number
  readonly id: string
  /** As people know it. */
  readonly what: string
}

/**
 * Deletes by `remove`, and where Dataverse refuses because something of the customer's uses the component, pauses with
 * the names of all that do: only they can say what is to become of it.
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
    // That it is used is known; by what is for people, and documented only as a list of something.
    const used = (await whereTold(dependentsOf(client, component, context))) ?? []
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
  const operation = 'GET /RetrieveDependenciesForDelete'
  const path = `RetrieveDependenciesForDelete(ObjectId=${id},ComponentType=${type})`
  const request = { method: 'GET', path, operation, name: 'setup.look', effect: 'read' } as const
  const { body } = await client.json(request, dependents, context)
  const used: { kind: string; id: string; name: string | null }[] = []
  for (const row of body.value) {
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

/** The name is for people only: where it cannot be read, the id must do. */
async function nameOf(
  client: DataverseClient,
  setName: string,
  id: string,
  context: CallContext,
): Promise<string | null> {
  const path = `${setName}(${id})?$select=name`
  const operation = `GET /${setName}({id})`
  const request = { method: 'GET', path, operation, name: 'setup.look', effect: 'read' } as const
  const named = z.object({ name: z.string().nullish().catch(null) })
  const answer = await whereTold(client.json(request, named, context))
  return answer?.body.name ?? null
}
