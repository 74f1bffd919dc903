import { ANSWERS, readRecords } from '../../src/http/index.js'
import './every-schema.js'
import type { Stage } from './stage.js'

interface Common {
  /** Name of the registered schema. */
  readonly answer: string
  /** A true answer, or a record of one, as the vendor's page has it (docs/wire-*.md). */
  readonly example: unknown
  /** What the product cannot work without, by path; whatever else is told oddly costs nothing. */
  readonly needs: readonly string[]
}

/** An answer that is read, or lost, as a whole. */
export interface BodyCase extends Common {
  /** Reads it as the product does. @throws where it is lost. */
  readonly body: (stage: Stage, given: unknown) => Promise<unknown>
}

/** Records of a page, of which one is odd. */
export interface RecordCase extends Common {
  /** Two more, by other ids. */
  readonly others: readonly [unknown, unknown]
  /** Reads a page of them as the product does. @returns those that were read. */
  readonly records: (stage: Stage, given: readonly unknown[]) => Promise<readonly unknown[]>
  /** Columns whose null is a value of its own that says nothing: the record is unknown, and not told to be unreadable. */
  readonly unknownNulls?: readonly string[]
  /** Nobody is there to be told, as the record is part of a posted event; or an odd value says nothing. */
  readonly quiet?: true
  /** Without these nobody knows whose a record is, and where the next page begins: the page is lost. */
  readonly pageNeeds?: readonly string[]
  /** What must never be made of an odd record, whatever it is: a deny that is read as anything else. */
  readonly never?: (read: unknown) => boolean
  /** Oddities that are true answers of another meaning: `donotbulkemail (null)`. */
  readonly meansOther?: readonly string[]
  /** What a column is called where it is told, if not by its own name. */
  readonly toldAs?: Readonly<Record<string, string>>
}

export type Case = BodyCase | RecordCase

/** A posted event that is refused. */
export class Refused extends Error {}

/** Where it is not null. @throws Refused */
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

/** Asked by the CRM's client, for what reads no further. */
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

/** As the rows of a page, for what reads no further. */
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

/** As entries of a list in an answer. */
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
