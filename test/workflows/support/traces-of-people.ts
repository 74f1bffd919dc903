/** Whatever looks like an e-mail address. */
const ADDRESS = /[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}/g
/** Whatever looks like a telephone number in full. */
const TELEPHONE = /\+\d[\d ]{7,}/g

/**
 * Addresses and numbers of people in a history's JSON, and names if told which: in plain sight or inside payloads, which
 * are base64. Empty: the history holds nobody.
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
