import { describe, expect, it } from '@jest/globals'
import { learnFrom, NOTHING_LEARNED, type WriteCounting } from '../../src/domain/write-counting.js'

/** `.`: exactly ours; a letter: read back differently, on that record. */
function after(lessons: string, from: WriteCounting = NOTHING_LEARNED): WriteCounting {
  return [...lessons].reduce(
    (counting, letter) => learnFrom(counting, { recordId: letter, exact: letter === '.' }),
    from,
  )
}

describe('whether each write counts once', () => {
  it.each([
    ['', 'unknown'],
    ['.', 'proven'],
    ['a', 'unknown'],
    ['ab', 'unknown'],
    ['abc', 'disproved'],
    ['.abc', 'disproved'],
    // A user's write in between proves nothing by itself, nor does the same person repeatedly.
    ['.ab.c', 'proven'],
    ['aaaaa', 'unknown'],
    ['aabac', 'disproved'],
    ['abc.........', 'disproved'],
    ['abc..........', 'proven'],
    ['abc.....d.....', 'disproved'],
    ['abc.....d..........', 'proven'],
    ['abc..........abc', 'disproved'],
  ])('after %j it is %s', (lessons, verdict) => {
    expect(after(lessons).verdict).toBe(verdict)
  })
})
