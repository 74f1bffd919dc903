/**
 * Something this machine lacks and we could not fetch.
 *
 * Not retryable: the message says in full which ways there are to put it right. It never carries
 * the output of a package manager, which names registry hosts.
 */
export class ProvisionError extends Error {
  override readonly name = 'ProvisionError'
}
