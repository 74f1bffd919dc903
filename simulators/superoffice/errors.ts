import { json, type SimResponse } from '../common/http-server.js'

/** A refusal in the REST API's form (wire page, section 3). */
export class ServiceError extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    message: string,
  ) {
    super(message)
  }
}

/** 400: part of the address or body cannot be read. */
export function badRequest(message: string): ServiceError {
  return new ServiceError(400, 'ArgumentException', message)
}

/** 404: no such entity. */
export function notFound(message: string): ServiceError {
  return new ServiceError(404, 'SoNotFoundException', message)
}

/** 403: signed in, but the right or the agent is missing. */
export function forbidden(message: string): ServiceError {
  return new ServiceError(403, 'SoSentryException', message)
}

/** The refusal as an answer; any other error is a 500. */
export function errorAnswer(error: unknown): SimResponse {
  const refusal =
    error instanceof ServiceError
      ? error
      : new ServiceError(500, 'Exception', String(error instanceof Error ? error.stack : error))
  return json(refusal.status, {
    Error: true,
    ErrorType: refusal.type,
    ErrorMessage: refusal.message,
    ErrorSource: 'SuperOffice.Services.Implementation',
  })
}

/** A page of the web server itself, in the form of IIS. */
export function htmlPage(status: number, title: string): SimResponse {
  return {
    status,
    headers: { 'Content-Type': 'text/html' },
    body: `<!DOCTYPE html><html><head><title>${title}</title></head><body><h2>${title}</h2></body></html>`,
  }
}
