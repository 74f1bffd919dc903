/** HTTP plumbing shared by the clients of all outside systems. */
export {
  type AnswerLimits,
  BULK_ANSWER,
  MAX_ROWS,
  PAGE_ANSWER,
  SMALL_ANSWER,
} from './parse-json.js'
export { FittingPages, isTooLarge } from './fitting-pages.js'
export {
  answer,
  type Answer,
  ANSWERS,
  type LossUnit,
  part,
  readRecords,
  readSmallText,
  readValue,
  watchingIds,
  entries,
} from './answers.js'
export { checkUrl, requireSecureUrl } from './check-url.js'
export { createHttp, keptHttp } from './create-http.js'
export { LONGEST_WAIT_SECONDS } from './failures.js'
export { rowsUpTo } from './fitting-pages.js'
export { jsonOrUndefined } from './parse-json.js'
export type {
  ErrorDescription,
  Http,
  HttpAnswer,
  HttpOptions,
  HttpRequest,
  HttpTimeouts,
  TextAnswer,
} from './http-types.js'
export type { CallContext, ClockReading, RequestRecord, UnreadableRecord } from './call-context.js'
export { RequestTally, type RequestKind } from './call-context.js'
export {
  ifAvailable,
  UpstreamError,
  type UpstreamCode,
  type UpstreamFailure,
  type UpstreamSystem,
} from './upstream-error.js'
export { inParallel, NextFlight, SingleFlight, untilAborted } from './concurrency.js'
