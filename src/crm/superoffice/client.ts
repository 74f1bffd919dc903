import type { z } from 'zod'
import type {
  Answer,
  CallContext,
  ClockReading,
  HttpAnswer,
  HttpRequest,
  TextAnswer,
} from '../../http/index.js'
import { PerConfiguration } from '../per-configuration.js'
import type { Door, Entry } from './door.js'

/** A request to the client: the path is below `/api/v1`. */
export type SuperOfficeRequest = Omit<HttpRequest, 'context'>

/** Authenticated calls to one installation, and what they learn about it. One per installation and process. */
export class SuperOfficeClient {
  /** The server's clock as last read; null until an answer has a date. */
  clock: ClockReading | null = null

  constructor(
    private readonly door: Door,
    /** Identifies installation and user without naming either. */
    readonly key: string,
  ) {}

  /** See {@link Door.contextIdentifier}. */
  get contextIdentifier(): string | null {
    return this.door.contextIdentifier
  }

  /** See {@link Door.forgetStatus}. */
  forgetStatus(): void {
    this.door.forgetStatus()
  }

  /** @throws UpstreamError, AppError `crm_tenant_unavailable` */
  text(request: SuperOfficeRequest, context: CallContext): Promise<TextAnswer> {
    return this.door.through(context, (entry) =>
      entry.http.text(this.#call(request, entry, context)),
    )
  }

  /** @throws UpstreamError, also `upstream_not_json` for a page of HTML; AppError `crm_tenant_unavailable` */
  json<S extends z.ZodType>(
    request: SuperOfficeRequest,
    answer: Answer<S>,
    context: CallContext,
  ): Promise<HttpAnswer<z.output<S>>> {
    return this.door.through(context, (entry) =>
      entry.http.json(this.#call(request, entry, context), answer),
    )
  }

  #call(request: SuperOfficeRequest, entry: Entry, context: CallContext): HttpRequest {
    const onClock = (reading: ClockReading) => {
      this.clock = reading
      context.onClock?.(reading)
    }
    const headers = { ...request.headers, ...entry.headers }
    return { ...request, headers, context: { ...context, onClock } }
  }
}

const CLIENTS = new PerConfiguration<SuperOfficeClient>()

/** The client of a configuration. */
export function clientOf(config: object, open: () => Door): SuperOfficeClient {
  return CLIENTS.of(config, (key) => new SuperOfficeClient(open(), key))
}
