/** Anything that looks like an e-mail address. */
const ADDRESS = /[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}/g
/** Anything that looks like a complete telephone number. */
const TELEPHONE = /\+\d[\d ]{7,}/g

/**
 * People's addresses and numbers in a history's JSON, and the given names: in plain text or inside payloads, which are
 * base64. Empty: the history contains no person's data.
 */
export function tracesOfPeople(historyJson: string, names: readonly string[] = []): string[] {
  const payloads = [...historyJson.matchAll(/"data":\s*"([A-Za-z0-9+/=]+)"/g)].map(([, data]) =>
    Buffer.from(data!, 'base64').toString('utf8'),
  )
  return [historyJson.replace(/"data":\s*"[^"]*"/g, ''), ...payloads].flatMap((text) => [
    ...(text.match(ADDRESS) ?? []),
    ...(text.match(TELEPHONE) ?? []),
    ...names.filter((name) => text.includes(name)),
  ])
}
