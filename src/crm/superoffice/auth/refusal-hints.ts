/** Why credentials are refused, by code; each needs something else from a person. */
const HINTS: Readonly<Record<string, string>> = {
  system_user_refused:
    'SuperOffice refuses the system user: its token, the private key or the client secret is wrong, the approval of ' +
    "the application was withdrawn, or this machine's clock is off.",
  token_invalid: "The sign-in host's token cannot be verified: check loginHost and environment.",
  wrong_organization: 'Another database answers at this address than the one set up before.',
  wrong_user:
    'Another user signs in than the one set up before. What that one wrote would be taken for acts of people: give its ' +
    'credentials again, or set up a new connection.',
}

const OTHERS = new Set(['token_invalid', 'wrong_organization', 'wrong_user'])

/** The probable reason why credentials are refused, and what to do. */
export function refusalHint({ upstreamCode }: { readonly upstreamCode: string | null }): string {
  return (
    HINTS[upstreamCode ?? ''] ??
    'SuperOffice does not accept these credentials: correct them in the connection.'
  )
}

/** The same for a connection to SuperOffice Online that worked before. */
export function explainOnlineRefusal(refused: { readonly upstreamCode: string | null }): string {
  return OTHERS.has(refused.upstreamCode ?? '')
    ? refusalHint(refused)
    : "SuperOffice Online refuses our application: the customer's administrator has probably withdrawn its approval. Ask for " +
        'a new approval; the sync notices it by itself. If its client secret, private key or system user token was ' +
        'changed, apply the connection file with the new one.'
}

/** The same for an installation on the customer's own site. */
export function explainOnsiteRefusal(refused: { readonly upstreamCode: string | null }): string {
  return OTHERS.has(refused.upstreamCode ?? '')
    ? refusalHint(refused)
    : 'SuperOffice refuses user name and password: the password was changed, or the user is locked or was removed. Apply the ' +
        'connection file with the right password; the sync notices by itself when the user may sign in again.'
}
