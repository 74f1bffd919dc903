/** HTTP plumbing shared by the clients of all outside systems. */
export { createHttp } from './create-http.js'
export type {
  ErrorDescription,
  Http,
  HttpAnswer,
  HttpOptions,
  HttpRequest,
  HttpTimeouts,
  TextAnswer,
} from './http-types.js'
export type { CallContext, ClockReading, RequestRecord } from './call-context.js'
export { RequestTally, type RequestKind } from './request-tally.js'
export {
  UpstreamError,
  type UpstreamCode,
  type UpstreamFailure,
  type UpstreamSystem,
} from './upstream-error.js'
