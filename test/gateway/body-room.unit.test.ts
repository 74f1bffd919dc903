import { describe, expect, it } from '@jest/globals'
import { BodyRoom } from '../../src/gateway/hooks/admit.js'

describe('room for bodies', () => {
  it('is shared out: no key has more than its share, nor all more than there is', () => {
    const room = new BodyRoom(100, 40)
    const first = room.take('a', 40)
    expect(first).not.toBeNull()
    expect(room.take('a', 1)).toBeNull()
    expect(room.take('b', 40)).not.toBeNull()
    expect(room.take('c', 21)).toBeNull()
    expect(room.take('c', 20)).not.toBeNull()
    first?.()
    // Released once, however often it is called.
    first?.()
    expect(room.take('c', 20)).not.toBeNull()
    expect(room.take('d', 21)).toBeNull()
    expect(room.take('a', 20)).not.toBeNull()
    expect(room.take('d', 1)).toBeNull()
  })
})
