import { UpstreamError } from '../../../../http/index.js'
import type { FormLayer } from './rows.js'

/** How often a change is based anew on what somebody saved meanwhile. */
const ATTEMPTS = 3

/** For `If-Match`: the etag of the draft that a change is based on. */
type VersionOf = (draft: FormLayer) => string

/**
 * Changes a form if nobody saved since it was read, and reads it anew where somebody did. Should the etag not fit
 * although the form is the very same, the service counts its layers' versions apart, and it is enough that the form
 * exists (`*`; docs/wire-dataverse.md, 10.3).
 *
 * @param change reads, and writes with the version given; is called again after a conflict.
 * @throws UpstreamError also `upstream_conflict`, when it never came through.
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
