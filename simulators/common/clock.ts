/** The stand-in's own clock, in ms since 1970; skew makes it differ from the product's. */
export interface SimClock {
  now(): number
  /** Milliseconds added to real time; may be negative. */
  setSkewMs(skewMs: number): void
  skewMs(): number
}

export function createClock(): SimClock {
  let skew = 0
  return {
    now: () => Date.now() + skew,
    setSkewMs: (skewMs) => {
      skew = skewMs
    },
    skewMs: () => skew,
  }
}
