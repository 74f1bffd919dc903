const realNow = Date.now.bind(Date)
let aheadMs = 0

// Set on import, before any module keeps a reference to the function: everything in this process reads one clock, also
// the stand-ins.
Date.now = () => realNow() + aheadMs

/** Moves the clock of this process, which its stand-ins share, in one step. The ledger's clock does not change. */
export function passTime(ms: number): void {
  aheadMs += ms
}
