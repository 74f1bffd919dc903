/** Limits of the gateway (docs/gateway.md). Sizes in bytes, times in milliseconds, rates in requests per second. */
export const LIMITS = {
  /** Above the largest post of Dataverse, which omits images beyond 256 KB. */
  bodyBytes: 320 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  keepAliveMs: 5_000,
  /**
   * How often Node checks for requests that exceed their time; with its default of 30 s the two limits above would have
   * no effect.
   */
  timeoutCheckMs: 1_000,
  maxSockets: 2_000,
  /**
   * Bodies up to this size need no reserved room: all sockets together hold 32 MB of them. CRMs and eMarketeer post 1
   * to 8 KB.
   */
  smallBodyBytes: 16 * 1024,
  /** Larger bodies held at the same time before their sender is known: in total, and of one source. */
  largeBodiesBytes: 64 * 1024 * 1024,
  largeBodiesPerSourceBytes: 8 * 1024 * 1024,
  /**
   * Webhooks of a proven sender, per connection and route. Storing one takes milliseconds; setting up one customer's
   * tables posts thousands of echoes of our own writes.
   */
  webhooksPerRoute: 200,
  /** Failing calls of one source for which the database is queried again; calls beyond it are not judged. */
  failuresPerSource: 5,
  /** Such calls that wait at the same time, of all sources. */
  failuresWaiting: 200,
  /** Shortest time between two queries: for the list of addresses, and for one connection's secrets. */
  lookUpEveryMs: 1_000,
  /** How often the list of addresses is read without a call to an unknown address. */
  addressesEveryMs: 10_000,
  /** Longest age of an answer of `/readyz`. */
  readinessMs: 1_000,
  /** Refusals of one kind write at most two log lines in this time. */
  refusalLogMs: 10_000,
  /** Time-out of one call to Temporal. The hint is stored before it, so nobody has to wait longer. */
  temporalCallMs: 5_000,
} as const

/** Retry-After if no better value is known. */
export const RETRY_AFTER_SECONDS = 5
