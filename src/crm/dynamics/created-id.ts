import { isGuid } from './wire/odata.js'

/** The id in `OData-EntityId` of a 204, the URL of the row made; null where it is not there. */
export function createdId(headers: Readonly<Record<string, string>>): string | null {
  const id = /\(([^()]+)\)\s*$/.exec(headers['odata-entityid'] ?? '')?.[1]
  return isGuid(id) ? id.toLowerCase() : null
}
