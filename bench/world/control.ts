/** Calls of a stand-in's control API, which no counter and no fault sees. */
export interface Control {
  post(path: string, body: unknown): Promise<unknown>
  patch(path: string, body: unknown): Promise<unknown>
  /** Documents of an answer that has one a line. */
  lines<T>(path: string): Promise<T[]>
  /** From now on every request, of sign-in too, waits so long before it is worked on; 0: none does. */
  delayRequests(delayMs: number): Promise<void>
}

/** @param controlUrl as the stand-in told it. */
export function createControl(controlUrl: string): Control {
  const call = async (method: string, path: string, body?: unknown): Promise<string> => {
    const response = await fetch(`${controlUrl}/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) {
      throw new Error(`${method} ${path}: ${response.status} ${text}`)
    }
    return text
  }
  const send = async (method: string, path: string, body: unknown) => {
    const text = await call(method, path, body)
    return text === '' ? null : (JSON.parse(text) as unknown)
  }
  return {
    post: (path, body) => send('POST', path, body),
    patch: (path, body) => send('PATCH', path, body),
    lines: async <T>(path: string) =>
      (await call('GET', path))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as T),
    async delayRequests(delayMs) {
      await call('DELETE', 'faults')
      if (delayMs > 0) {
        await send('POST', 'faults', { delayMs })
      }
    },
  }
}
