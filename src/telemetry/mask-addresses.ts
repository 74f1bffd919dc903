/** Replaces an address. */
const MASK = '***@***'

/** Longer than any address. A longer run of characters keeps its start, which bounds the work on hostile input. */
const MAX_LOCAL_PART = 128

/**
 * Anything that looks like `local@domain.tld`, plain or percent-encoded. It is wider than the set of mailable
 * addresses: masking too much costs a word in a log line, masking too little is a leak. The last label must begin with
 * a letter, so that `pino@10.4.0` and `node_modules/@scope/name` in a stack stay readable.
 */
const ADDRESS = new RegExp(
  String.raw`(?:"[^"\n]{1,64}"|[^\s@<>"()\[\],;:\\]{1,${MAX_LOCAL_PART}})(?:@|%40|\\u0040)` +
    String.raw`(?:[\p{L}\p{N}_-]{1,63}\.){1,8}(?:xn--[\w-]{1,59}|\p{L}[\p{L}\p{N}-]{1,62})`,
  'giu',
)

/** The user and password of a URL: `postgres://user:password@host`. */
const USER_INFO = /(:\/\/)[^/\s@]{1,512}@/g

/** Whether a text could contain an address. It avoids the two searches for nearly every line. */
const MAY_HOLD_ADDRESS = /@|%40|\\u0040/i

/**
 * Replaces everything that looks like an e-mail address, and the user part of URLs.
 *
 * It is the second defence. The first is that only known fields are logged and that our own messages contain no
 * address. It does not recognise names or phone numbers.
 */
export function maskAddresses(text: string): string {
  if (!MAY_HOLD_ADDRESS.test(text)) {
    return text
  }
  return text.replace(USER_INFO, '$1***@').replace(ADDRESS, MASK)
}
