/** A refusal in Dataverse's form: HTTP status, hex code, message (wire page, section 3.2). */
export class ServiceError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
  }
}

/** 400 `0x80060888`: an unknown name, option or literal in the URL. */
export function badQuery(message: string): ServiceError {
  return new ServiceError(400, '0x80060888', message)
}

/** 400 `0x80048d19`: part of the body (or the batch) cannot be read. */
export function badPayload(entitySet: string, inner: string): ServiceError {
  return new ServiceError(
    400,
    '0x80048d19',
    `Error identified in Payload provided by the user for Entity :'${entitySet}', For more information on this error please follow this help link https://go.microsoft.com/fwlink/?linkid=2195293  ---->  InnerException : ${inner}`,
  )
}

/** 404 `0x80040217`: no such row. */
export function noSuchRow(table: string, id: string): ServiceError {
  return new ServiceError(404, '0x80040217', `Entity '${table}' With Id = ${id} Does Not Exist`)
}

/** 404 `0x80060891`: an alternate key that matches nothing. */
export function noSuchKey(): ServiceError {
  return new ServiceError(
    404,
    '0x80060891',
    'A record with the specified key values does not exist',
  )
}

/** 404 `0x80060888`: no such set, table or function. */
export function noSuchSegment(segment: string): ServiceError {
  return new ServiceError(404, '0x80060888', `Resource not found for the segment '${segment}'.`)
}

/** 412 `0x80060882`: the row has changed since it was read. */
export function versionMismatch(): ServiceError {
  return new ServiceError(
    412,
    '0x80060882',
    "The version of the existing record doesn't match the RowVersion property provided.",
  )
}

/** 412 `0x80040237`: a row with these key values exists. */
export function duplicateKey(): ServiceError {
  return new ServiceError(412, '0x80040237', 'A record with matching key values already exists.')
}

/** 412 `0x80060892`: a row with these values of an alternate key exists. */
export function duplicateEntityKey(): ServiceError {
  return new ServiceError(412, '0x80060892', 'Duplicate Record Found for Entity Key.')
}

/** 405 for a method the resource does not have. */
export function wrongMethod(method: string): ServiceError {
  return new ServiceError(
    405,
    '0x80060888',
    `The requested resource does not support http method '${method}'.`,
  )
}
