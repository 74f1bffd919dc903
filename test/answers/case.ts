import { ANSWERS, readRecords } from '../../src/http/index.js'
import './every-schema.js'
import type { Stage } from './stage.js'

interface Common {
  /** Name of the registered schema. */
  readonly answer: string
  /** A correct answer, or a record of one, from the vendor's page (docs/wire-*.md). */
  readonly example: unknown
  /** Paths that the product requires. An odd value anywhere else loses nothing. */
  readonly needs: readonly string[]
}

/** An answer that is read or lost completely. */
export interface BodyCase extends Common {
  /** Reads it as the product does. @throws if it is lost. */
  readonly body: (stage: Stage, given: unknown) => Promise<unknown>
}

/** Records of a page, one of which is odd. */
export interface RecordCase extends Common {
  /** Two more records with other ids. */
  readonly others: readonly [unknown, unknown]
  /** Reads a page of them as the product does. @returns the records that were read. */
  readonly records: (stage: Stage, given: readonly unknown[]) => Promise<readonly unknown[]>
  /**
   * Columns whose null is a valid value without information: the record is unknown, but is not reported as unreadable.
   */
  readonly unknownNulls?: readonly string[]
  /** Nobody receives the report because the record is part of a posted event; or an odd value has no meaning. */
  readonly quiet?: true
  /** Without these the record's owner and the start of the next page are unknown: the page is lost. */
  readonly pageNeeds?: readonly string[]
  /** What must never result from an odd record: a deny that is read as any other value. */
  readonly never?: (read: unknown) => boolean
  /** Oddities that are correct answers with another meaning: `donotbulkemail (null)`. */
  readonly meansOther?: readonly string[]
  /** The name under which a column is reported, if it is not its own. */
  readonly toldAs?: Readonly<Record<string, string>>
}

export type Case = BodyCase | RecordCase

/** A posted event that is refused. */
export class Refused extends Error {}

/** The value if it is not null. @throws Refused */
export function orRefused<T>(read: T | null): T {
  if (read === null) {
    throw new Refused('refused')
  }
  return read
}

export function registered(name: string) {
  const answer = ANSWERS.get(name)
  if (answer === undefined) {
    throw new Error(`no answer is named ${name}`)
  }
  return answer
}

/** A case of the CRM's client, for schemas without further reading. */
export function body(
  name: string,
  example: unknown,
  needs: readonly string[],
  crm: 'dynamics' | 'superOffice' = 'dynamics',
): BodyCase {
  const answer = registered(name)
  const request = { method: 'GET', path: '/asked', operation: answer.operation } as const
  return {
    answer: name,
    example,
    needs,
    body: (stage, given) => {
      stage.say(() => given)
      return stage[crm].json({ ...request, name: 'test', effect: 'read' }, answer, stage.context)
    },
  }
}

/** A case with rows of a page, for schemas without further reading. */
export function rows(
  name: string,
  example: object,
  others: readonly [object, object],
  needs: readonly string[],
): RecordCase {
  const answer = registered(name)
  const request = { method: 'GET', path: 'asked', operation: answer.operation } as const
  return {
    answer: name,
    example,
    needs,
    others: [
      { ...example, ...others[0] },
      { ...example, ...others[1] },
    ],
    records: (stage, given) => {
      stage.say(() => ({ value: given }))
      return stage.dynamics.rows(
        { ...request, name: 'test', effect: 'read' },
        answer,
        stage.context,
      )
    },
  }
}

/** A case with entries of a list in an answer. */
export function listed(
  name: string,
  example: object,
  others: readonly [object, object],
  needs: readonly string[],
): RecordCase {
  return {
    ...rows(name, example, others, needs),
    records: (stage, given) => Promise.resolve(readRecords(registered(name), given, stage.context)),
  }
}
