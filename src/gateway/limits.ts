/** Limits of the gateway (docs/gateway.md). Sizes in bytes, times in milliseconds, rates in requests per second. */
export const LIMITS = {
  /** Above what Dataverse posts: it leaves images out beyond 256 KB. */
  bodyBytes: 320 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  keepAliveMs: 5_000,
  /** How often Node looks for requests beyond their time; its default of 30 s would make the two above meaningless. */
  timeoutCheckMs: 1_000,
  maxSockets: 2_000,
  /**
   * Bodies up to this size need no room of their own: all sockets together hold 32 MB of them. What CRMs and eMarketeer
   * post has 1 to 8 KB.
   */
  smallBodyBytes: 16 * 1024,
  /** Larger bodies held at once before their sender is known: of all, and of one source. */
  largeBodiesBytes: 64 * 1024 * 1024,
  largeBodiesPerSourceBytes: 8 * 1024 * 1024,
  /**
   * Webhooks whose sender is proven, of one connection and one route. One is stored in milliseconds; setting one customer's
   * tables up posts thousands of our own writes' echoes.
   */
  webhooksPerRoute: 200,
  /** Calls of one source that fail and for which the database is asked once more; beyond it they are not judged. */
  failuresPerSource: 5,
  /** Such calls that wait at once, of all sources. */
  failuresWaiting: 200,
  /** How often the database is asked, at most: for all addresses, and for one connection's secrets. */
  lookUpEveryMs: 1_000,
  /** How often the list of addresses is read though nobody asked for one that is not on it. */
  addressesEveryMs: 10_000,
  /** How old an answer of `/readyz` may be. */
  readinessMs: 1_000,
  /** Refusals of one kind make two log lines in this time, however many they are. */
  refusalLogMs: 10_000,
  /** One call to Temporal. A hint is durable before it, so that nobody waits longer. */
  temporalCallMs: 5_000,
} as const

/** What a sender is asked to wait if nothing better is known. */
export const RETRY_AFTER_SECONDS = 5
