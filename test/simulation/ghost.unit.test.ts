import { expect, it } from '@jest/globals'
import { Ghost } from '../../simulation/ghost.js'

const EMAIL = 'p1@example.com'
const CELL = 'marketingSendouts'

/** A record denies at one address, leaves for another, is perhaps allowed there, and comes back. */
function awayAndBack({ allowedAway, provesTime }: { allowedAway: boolean; provesTime: boolean }) {
  const ghost = new Ghost()
  const act = { cell: CELL, side: 'crm', recordId: 'r1', consents: false } as const
  ghost.add({ ...act, email: EMAIL, kind: 'deny', atMs: 1 })
  ghost.leave('r1', 2)
  if (allowedAway) {
    ghost.add({ ...act, email: 'q1@example.com', kind: 'allow', atMs: 3 })
  }
  ghost.come('r1', EMAIL, 4, provesTime)
  return ghost
}

it('an answer that a record brings back revokes its own deny, if the product can take it for later', () => {
  const ghost = awayAndBack({ allowedAway: true, provesTime: true })
  expect(ghost.standingDeny(EMAIL, CELL)).toBeNull()
})

it.each([
  { allowedAway: false, provesTime: true },
  { allowedAway: true, provesTime: false },
])('a deny stands after its record came back: %j', (life) => {
  expect(awayAndBack(life).standingDeny(EMAIL, CELL)?.atMs).toBe(1)
})

it('an answer that another record brings revokes no deny of a record', () => {
  const ghost = awayAndBack({ allowedAway: false, provesTime: true })
  const act = { cell: CELL, side: 'crm', recordId: 'r2', consents: false } as const
  ghost.add({ ...act, email: 'q1@example.com', kind: 'allow', atMs: 3 })
  ghost.come('r2', EMAIL, 4, true)
  expect(ghost.standingDeny(EMAIL, CELL)?.atMs).toBe(1)
})
