/** Controls the stand-in from tests, demos and benchmarks, through its control API. */
export interface StandInControl {
  /** POSTs a switch, e.g. `accounts/1001/acts` or `persons/18/consent`. A refusal is an Error with its message. */
  post<T = unknown>(path: string, body?: unknown): Promise<T>
  /** PATCHes a row, e.g. `rows/contact/<id>`. */
  patch<T = unknown>(path: string, body: unknown): Promise<T>
  get<T = unknown>(path: string): Promise<T>
  /** Reads NDJSON paths (dumps). */
  lines<T = unknown>(path: string): Promise<T[]>
  clearFaults(id?: string): Promise<void>
}

/** @param controlUrl in the ready line. */
export function standInControl(controlUrl: string): StandInControl {
  async function call(method: string, path: string, body?: unknown): Promise<string> {
    const response = await fetch(`${controlUrl}/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) {
      throw new Error(`${method} ${path}: ${response.status} ${text}`)
    }
    return text
  }
  return {
    post: async <T>(path: string, body: unknown = {}) => parsed<T>(await call('POST', path, body)),
    patch: async <T>(path: string, body: unknown) => parsed<T>(await call('PATCH', path, body)),
    get: async <T>(path: string) => parsed<T>(await call('GET', path)),
    lines: async <T>(path: string) =>
      (await call('GET', path))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as T),
    clearFaults: async (id) => {
      await call('DELETE', id === undefined ? 'faults' : `faults?id=${id}`)
    },
  }
}

/** A switch without a result answers without a body. */
function parsed<T>(text: string): T {
  return (text === '' ? null : JSON.parse(text)) as T
}
