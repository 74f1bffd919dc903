/** What programs need to find themselves, their user's files and a language; none of it is a secret. */
const OF_THE_MACHINE =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TERM|TMPDIR|TMP|TEMP|SYSTEMROOT|APPDATA|LOCALAPPDATA|USERPROFILE)$/

/** How a machine reaches a package registry: proxies, authorities, and pip's own settings, which name its index. */
const OF_A_REGISTRY =
  /^(?:PIP_\w+|(?:HTTPS?|ALL|NO)_PROXY|(?:https?|all|no)_proxy|SSL_CERT_(?:FILE|DIR)|(?:REQUESTS|CURL)_CA_BUNDLE|NETRC|XDG_CONFIG_\w+)$/

/**
 * The environment for a program that is none of ours, or that has no use for what we are given: our own holds the secrets of
 * the service and of its customers.
 */
export function bareEnvironment(use: 'local' | 'registry' = 'local'): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => OF_THE_MACHINE.test(name) || (use === 'registry' && OF_A_REGISTRY.test(name)),
  )
  return Object.fromEntries(kept.map(([name, value]) => [name, value ?? '']))
}
