import { badPayload, ServiceError } from '../errors.js'
import type { Context } from '../organisation.js'
import type { Json, JsonObject } from '../store/schema.js'

/** Whether a value is a JSON object. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** 400 0x80048d19 for a property the metadata type does not have. */
export function refuseUnknown(body: JsonObject, known: readonly string[], type: string): void {
  for (const name of Object.keys(body)) {
    if (!name.startsWith('@') && !known.includes(name)) {
      throw badPayload(
        type,
        `Microsoft.OData.ODataException: The property '${name}' does not exist on type 'Microsoft.Dynamics.CRM.${type}'. Make sure to only use property names that are defined by the type.`,
      )
    }
  }
}

/** A name with a publisher's prefix, which the service requires for new components. */
export function requireSchemaName(body: JsonObject): string {
  const name = body['SchemaName']
  if (typeof name !== 'string' || !/^[a-z][a-z0-9]{1,7}_[A-Za-z0-9_]+$/.test(name)) {
    throw new ServiceError(
      400,
      '0x8004f026',
      'The schema name must start with the prefix of a publisher, e.g. new_name.',
    )
  }
  return name
}

/** Labels need the base language and may only use provisioned ones (trap 17, section 16.2). */
export function checkLabel(
  context: Context,
  body: JsonObject,
  name: string,
  needed: boolean,
): void {
  const label = body[name]
  const list = isObject(label) ? label['LocalizedLabels'] : undefined
  if (!Array.isArray(list)) {
    if (needed) {
      throw new ServiceError(400, '0x80040203', `${name} needs a label.`)
    }
    return
  }
  const { languages, languageCode } = context.org.options
  const codes = list.map((one) => (isObject(one) ? one['LanguageCode'] : undefined))
  const unknown = codes.find((code) => typeof code !== 'number' || !languages.includes(code))
  if (unknown !== undefined || list.length !== codes.filter((c) => c !== undefined).length) {
    throw new ServiceError(
      400,
      '0x80044172',
      `The language code ${String(unknown)} is not a valid language for this organization.`,
    )
  }
  if (needed && !codes.includes(languageCode)) {
    throw new ServiceError(
      400,
      '0x80040203',
      `${name} must have a label for the base language ${languageCode}.`,
    )
  }
}

/** New labels over old ones: merged by language on request; otherwise the old languages are lost (trap 16). */
export function mergeLabel(old: Json | undefined, next: Json | undefined, merge: boolean): Json {
  if (!isObject(next)) {
    return merge ? (old ?? null) : null
  }
  const nextList = Array.isArray(next['LocalizedLabels']) ? next['LocalizedLabels'] : []
  const oldList =
    merge && isObject(old) && Array.isArray(old['LocalizedLabels']) ? old['LocalizedLabels'] : []
  const codeOf = (one: Json): Json => (isObject(one) ? (one['LanguageCode'] ?? null) : null)
  const kept = oldList.filter((one) => !nextList.some((other) => codeOf(other) === codeOf(one)))
  const all = [...nextList, ...kept]
  return {
    '@odata.type': '#Microsoft.Dynamics.CRM.Label',
    LocalizedLabels: all,
    UserLocalizedLabel: all[0] ?? null,
  }
}
