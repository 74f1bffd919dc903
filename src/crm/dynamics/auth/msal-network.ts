import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node'
import { z } from 'zod'
import type { CallContext, Http } from '../../../http/index.js'

const tokenAnswer = z.looseObject({
  access_token: z.string().min(1),
  expires_in: z.coerce.number(),
})

/**
 * MSAL's way to the network, over our plumbing, so that time-outs, the tally and faults of the stand-ins hold for
 * token requests too. It keeps the error it met: MSAL replaces whatever a network client throws by one of its own.
 */
export class MsalNetwork implements INetworkModule {
  /** What the last request failed with; null where it succeeded. */
  failure: unknown = null

  constructor(
    private readonly http: Http,
    /** Below this MSAL knows the authority; it takes https only. */
    private readonly msalOrigin: string,
    private readonly context: CallContext,
  ) {}

  /** Discovery is configured statically, so that MSAL never asks. */
  sendGetRequestAsync<T>(): Promise<NetworkResponse<T>> {
    return Promise.reject(new Error('discovery is configured; no GET is expected'))
  }

  async sendPostRequestAsync<T>(
    url: string,
    options?: NetworkRequestOptions,
  ): Promise<NetworkResponse<T>> {
    this.failure = null
    try {
      const answer = await this.http.json(
        {
          method: 'POST',
          path: url.slice(this.msalOrigin.length),
          operation: 'POST /{tenant}/oauth2/v2.0/token',
          name: 'token',
          effect: 'read',
          headers: options?.headers ?? {},
          body: options?.body ?? '',
          context: this.context,
        },
        tokenAnswer,
      )
      return { status: answer.status, headers: { ...answer.headers }, body: answer.body as T }
    } catch (error) {
      this.failure = error
      throw error
    }
  }
}
