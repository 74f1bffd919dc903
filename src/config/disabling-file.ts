import { z } from 'zod'
import { connectionSettingsSchema } from './connection-settings.js'
import { describeOpenly } from './describe-value.js'
import { parseJsonObject } from './parse-json-object.js'
import { throwProblems, type Problem } from '../contracts/problems.js'
import { withoutPath, type JsonRecord } from './record-paths.js'
import { problemsOfZod } from './zod-problems.js'

/** A connection file with `"crm":"none"`: which connection is to be disabled (C8). */
export interface DisablingFile {
  readonly connectionId: string
  readonly accountId: string
}

const schema = connectionSettingsSchema.extend({
  legalBasisSync: z.boolean('must be true or false').default(false),
})

/**
 * Reads a connection file that disables; null for one that connects.
 *
 * @param fileName for messages only.
 * @param sections of the CRMs, which the file may still hold from when it connected: passed over unread.
 * @throws AppError `file_not_json`; ProblemsError `none_with_sync` (C8), `unknown_key`, `value_missing`, `value_invalid`.
 *   None is retryable.
 */
export function readDisablingFile(
  text: string,
  fileName: string,
  sections: readonly string[],
): DisablingFile | null {
  const file = parseJsonObject(text, fileName)
  if (file['crm'] !== 'none') {
    return null
  }
  const settings = ['emarketeer', ...sections].reduce<JsonRecord>(withoutPath, file)
  const parsed = schema.safeParse(settings)
  throwProblems([
    ...syncProblems(file),
    ...(parsed.success
      ? []
      : problemsOfZod(parsed.error, settings, schema, (_, v) => describeOpenly(v))),
  ])
  const { connectionId, accountId } = schema.parse(settings)
  return { connectionId, accountId }
}

function syncProblems(file: JsonRecord): readonly Problem[] {
  return (['legalBasisSync', 'subscriptionSync'] as const)
    .filter((name) => file[name] === true)
    .map((name) => ({
      code: 'none_with_sync',
      message: `A connection with the CRM "none" cannot sync: set ${name} to false.`,
      path: name,
      value: 'true',
    }))
}
