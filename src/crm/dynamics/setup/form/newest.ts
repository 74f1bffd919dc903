import { UpstreamError } from '../../../../http/index.js'
import type { FormLayer } from './rows.js'

/** How many times a change is attempted when others save in between. */
const ATTEMPTS = 3

/** Gives the etag for `If-Match`, of the draft that a change is based on. */
type VersionOf = (draft: FormLayer) => string

/**
 * Changes a form only if nobody has saved it since it was read; otherwise reads it again. If the etag does not match
 * although the form is identical, the service counts the versions of its layers separately, and it is enough that the
 * form exists (`*`; docs/wire-dataverse.md, 10.3).
 *
 * @param change reads the form, and writes it with the given version; called again after a conflict.
 * @throws UpstreamError, including `upstream_conflict` after the last attempt.
 */
export async function basedOnNewest<T>(change: (versionOf: VersionOf) => Promise<T>): Promise<T> {
  let refused: string | null = null
  for (let attempt = 1; ; attempt += 1) {
    let tried: string | null = null
    try {
      const before = refused
      return await change((draft) => {
        tried = draft.xml
        return draft.xml === before ? '*' : (draft.etag ?? '*')
      })
    } catch (error) {
      const conflict = error instanceof UpstreamError && error.code === 'upstream_conflict'
      if (!conflict || attempt === ATTEMPTS) {
        throw error
      }
      refused = tried
    }
  }
}
