const realNow = Date.now.bind(Date)
let aheadMs = 0

// At once, before anybody keeps the function: all of this process reads one clock, the stand-ins as well.
Date.now = () => realNow() + aheadMs

/** Time passes for us and for every stand-in of this process, at once; the ledger's own clock stands apart. */
export function passTime(ms: number): void {
  aheadMs += ms
}
