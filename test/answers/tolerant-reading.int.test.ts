import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { toAppError } from '../../src/connection/to-app-error.js'
import { ANSWERS, UpstreamError } from '../../src/http/index.js'
import { type BodyCase, type Case, type RecordCase, Refused, registered } from './case.js'
import { DYNAMICS } from './dynamics.js'
import { EMARKETEER } from './emarketeer.js'
import { type Mutation, mutations } from './mutations.js'
import { openStage, type Stage } from './stage.js'
import { SUPEROFFICE } from './superoffice.js'

/*
 * Tests every schema of an answer (docs/architecture.md, "Tolerant reading") by changing one field of a correct answer
 * at a time. Exactly the unit of loss must be lost: the record, reported by operation and path, and none of its
 * neighbours; or the page or the call, by an error of the catalogue that names them. Fields that the product does not
 * need lose nothing.
 */

const CASES: readonly Case[] = [...EMARKETEER, ...DYNAMICS, ...SUPEROFFICE]

let stage: Stage
const walked = { schemas: 0, mutations: 0, lost: 0 }

beforeAll(async () => {
  stage = await openStage()
})
afterAll(async () => {
  await stage.close()
  process.stdout.write(`tolerant reading: ${JSON.stringify(walked)}\n`)
})

it('walks every schema that the product has', () => {
  walked.schemas = ANSWERS.size
  expect([...new Set(CASES.map(({ answer }) => answer))].sort()).toEqual([...ANSWERS.keys()].sort())
})

describe.each(CASES)('$answer', (given) => {
  const lossUnit = registered(given.answer).lossUnit
  const lostAt = new Set<string>()

  it(`loses a ${lossUnit}, and nothing more, by an odd field that is needed`, async () => {
    for (const mutation of mutations(given.example)) {
      walked.mutations += 1
      const lost =
        'body' in given ? await losesBody(given, mutation) : await losesRecord(given, mutation)
      const what = `${mutation.path} (${mutation.how})`
      if (lost) {
        walked.lost += 1
        lostAt.add(mutation.path)
        expect({ what, needed: isNeeded(given, mutation.path) }).toEqual({ what, needed: true })
        expect({ what, further: mutation.how === 'further fields' }).toEqual({
          what,
          further: false,
        })
      }
    }
    expect(given.needs.filter((path) => !lostAt.has(path))).toEqual([])
  }, 120_000)
})

/** Whether a path is the complete answer, a required field, or one that contains it. */
function isNeeded(given: Case, path: string): boolean {
  const { needs } = given
  return (
    path === '' ||
    ('pageNeeds' in given && given.pageNeeds?.includes(path) === true) ||
    needs.some(
      (need) => need === path || need.startsWith(`${path}.`) || path.startsWith(`${need}.`),
    )
  )
}

async function losesBody(given: BodyCase, { path, how, value }: Mutation): Promise<boolean> {
  const { operation } = registered(given.answer)
  try {
    await given.body(stage, value)
    return false
  } catch (error) {
    if (error instanceof Refused) {
      return true
    }
    const what = `${path} (${how})`
    if (!(error instanceof UpstreamError)) {
      throw new Error(`${what}: ${String(error)}`, { cause: error })
    }
    const said = toAppError(error)
    expect({ what, code: said.code }).toEqual({
      what,
      code: expect.stringMatching(/_answer_invalid$/),
    })
    const [start = ''] = operation.split('{')
    expect({ what, message: said.message }).toEqual({
      what,
      message: expect.stringContaining(start),
    })
    return true
  } finally {
    stage.unreadable()
  }
}

async function losesRecord(given: RecordCase, { path, how, value }: Mutation): Promise<boolean> {
  const what = `${path} (${how})`
  const [before, after] = given.others
  const [first, last] = await neighbours(given)
  let read: readonly unknown[]
  try {
    read = await given.records(stage, [before, value, after])
  } catch (error) {
    if (error instanceof UpstreamError && given.pageNeeds?.includes(path)) {
      expect(toAppError(error).code).toMatch(/_answer_invalid$/)
      return true
    }
    throw new Error(`${what}: ${String(error)}`, { cause: error })
  }
  const told = stage.unreadable()
  const isOther = given.meansOther?.includes(what)
  expect({ what, others: [read[0], read.at(-1)] }).toEqual({ what, others: [first, last] })
  expect({ what, denyIsKept: isOther || !read.some((one) => given.never?.(one)) }).toEqual({
    what,
    denyIsKept: true,
  })
  const lost = read.length === 2
  expect({ what, read: read.length }).toEqual({ what, read: lost ? 2 : 3 })
  const isReported =
    given.quiet === true || (['null', 'absent'].includes(how) && given.unknownNulls?.includes(path))
  const [operation = ''] = registered(given.answer).operation.split('{')
  if (!isReported || told.length > 0) {
    const expected = { operation, at: true }
    expect({
      what,
      told: told.map((one) => ({
        operation: one.operation.slice(0, operation.length),
        at: isAt(one.path, given.toldAs?.[path] ?? path),
      })),
    }).toEqual({
      what,
      told: lost ? [expected] : [],
    })
  }
  return lost
}

const NEIGHBOURS = new Map<RecordCase, readonly unknown[]>()

/** The reading of the other records alone. */
async function neighbours(given: RecordCase): Promise<readonly unknown[]> {
  const read = NEIGHBOURS.get(given) ?? (await given.records(stage, given.others))
  expect(stage.unreadable()).toEqual([])
  NEIGHBOURS.set(given, read)
  return read
}

/** Whether a record is reported as unreadable at the odd field. */
function isAt(told: string, path: string): boolean {
  const place = told === '(whole body)' ? '' : told.replaceAll(/\[(\d+)\]/g, '.$1')
  return (
    place === path ||
    path.startsWith(`${place}.`) ||
    place.startsWith(path === '' ? '' : `${path}.`)
  )
}
