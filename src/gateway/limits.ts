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
  /** A webhook is stored in milliseconds; setting one customer's tables up posts thousands of our own writes' echoes. */
  requestsPerConnection: 200,
  /** Requests that name no connection, or carry no valid key, by source address. */
  refusalsPerSource: 5,
  /** One call to Temporal. A hint is durable before it, so that nobody waits longer. */
  temporalCallMs: 5_000,
} as const

/** What a sender is asked to wait where nothing better is known. */
export const RETRY_AFTER_SECONDS = 5
