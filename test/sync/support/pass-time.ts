const realNow = Date.now.bind(Date)
let aheadMs = 0

/** Time passes for us and for every stand-in of this process, at once; the ledger's own clock stands apart. */
export function passTime(ms: number): void {
  aheadMs += ms
  Date.now = () => realNow() + aheadMs
}
