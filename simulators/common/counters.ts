const GUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi

/** Counts requests by `METHOD template`, so that a test can check how many of a kind were sent. */
export interface RequestCounters {
  count(method: string, path: string, status: number): void
  snapshot(): Readonly<Record<string, number>>
  reset(): void
}

/** Ids, quoted values and numbers become `{}`: `GET /contacts({})` stands for every single contact. */
function pathTemplate(path: string): string {
  return decodeSafely(path)
    .replace(/'[^']*'/g, '{}')
    .replace(GUID, '{}')
    .replace(/\/\d+(?=\/|$)/g, '/{}')
}

/** Creates counters that also count answers by status, under `status 429` and the like. */
export function createCounters(): RequestCounters {
  const counts = new Map<string, number>()
  const bump = (key: string): void => {
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return {
    count: (method, path, status) => {
      bump(`${method} ${pathTemplate(path)}`)
      bump(`status ${status}`)
    },
    snapshot: () => Object.fromEntries([...counts].sort(([a], [b]) => a.localeCompare(b))),
    reset: () => counts.clear(),
  }
}

function decodeSafely(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
