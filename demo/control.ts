/** Client of a stand-in's control API, for the acts of people and administrators in the external systems. */
export interface Control {
  get<T>(path: string): Promise<T>
  send(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<unknown>
  lines<T>(path: string): Promise<T[]>
}

/** @param controlUrl in the stand-in's ready line. */
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
  return {
    get: async <T>(path: string) => JSON.parse(await call('GET', path)) as T,
    send: async (method, path, body) => {
      const text = await call(method, path, body ?? {})
      return text === '' ? null : (JSON.parse(text) as unknown)
    },
    lines: async <T>(path: string) =>
      (await call('GET', path))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as T),
  }
}
