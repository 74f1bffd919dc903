import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from '@jest/globals'

type Trip = readonly (readonly string[])[]

interface CheckTrips {
  readonly TRIPS: Readonly<Record<string, Trip>>
  roomsOf(trip: Trip): readonly { readonly room: string; readonly isReturn: boolean }[]
  tripFaults(root: string, trips?: Readonly<Record<string, Trip>>): readonly string[]
}

const ROOT = process.cwd()
const script = pathToFileURL(path.join(ROOT, 'scripts/check-trips.mjs')).href
const { TRIPS, roomsOf, tripFaults } = (await import(script)) as CheckTrips

describe('the trips from what begins them to the write', () => {
  it('go the way that is listed, through few rooms, and back to none', () => {
    expect(tripFaults(ROOT)).toEqual([])
    expect(Object.keys(TRIPS)).toEqual(['webhook', 'sweep', 'pre-send', 'set-up'])
  })

  it('are at fault where a room is entered again', () => {
    const sweep = TRIPS['sweep']!
    expect(roomsOf([...sweep, sweep[0]!]).at(-1)?.room).toBe('src/workflows')
    const faults = tripFaults(ROOT, { sweep: [...sweep, sweep[0]!] })
    expect(faults).toContain('the sweep trip enters src/workflows again')
  })

  it('may call back what a room before passed on, which enters no room', () => {
    const setUp = TRIPS['set-up']!
    const called = setUp.findIndex((stop) => stop.includes('^attempt'))
    expect(roomsOf(setUp).slice(0, 4)).toEqual([
      { room: 'src/workflows/setup', isReturn: false },
      { room: 'src/workflows/steps', isReturn: false },
      { room: 'src/workflows/setup', isReturn: true },
      { room: 'src/activities', isReturn: false },
    ])
    const plain = setUp.with(called, ['src/workflows/setup/index.ts', 'attempt'])
    expect(tripFaults(ROOT, { plain })).toContain('the plain trip enters src/workflows/setup again')
    expect(tripFaults(ROOT, { begun: setUp.slice(called - 1) })).toEqual([
      'the begun trip: nothing before it in src/workflows/setup/index.ts hands attempt on',
    ])
  })

  it('are at fault from nine rooms on', () => {
    const long = 'abcdefghi'.split('').map((room) => [`src/${room}/x.ts`])
    expect(tripFaults(ROOT, { long })).toEqual(['the long trip enters 9 rooms'])
    expect(tripFaults(ROOT, { long: long.slice(1) })).toEqual([])
  })

  it('are at fault where a function has gone, or no longer leads to the next', () => {
    const last = ['src/sync/pass/perform-writes.ts', 'performWrites', 'newIdempotencyKey']
    expect(tripFaults(ROOT, { gone: [['src/sync/run/sync-due.ts', 'syncIsolating']] })).toEqual([
      'the gone trip: src/sync/run/sync-due.ts has no syncIsolating',
    ])
    expect(tripFaults(ROOT, { cut: [['src/sync/run/sync-due.ts', 'syncDue'], last] })).toEqual([
      'the cut trip: src/sync/run/sync-due.ts: syncDue does not name performWrites',
      'the cut trip: src/sync/run/sync-due.ts does not import src/sync/pass/perform-writes.ts',
      'the cut trip: src/sync/pass/perform-writes.ts: performWrites does not name newIdempotencyKey',
      'the cut trip: src/sync/pass/perform-writes.ts has no newIdempotencyKey',
    ])
  })
})
