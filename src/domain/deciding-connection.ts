/** Life of a connection. `implicit`: stands for an account without CRM, whose sendouts eMarketeer alone decides. */
export type ConnectionState = 'settingUp' | 'active' | 'paused' | 'disabled' | 'implicit'

/**
 * The connection by which an account's sendouts are decided: the one that is not disabled, of which there is at most one
 * (rule A), also while it is being set up. Null: there is none, and eMarketeer alone decides.
 * @param ofAccount every connection of the account, old ones and the implicit one too.
 */
export function decidingConnection<C extends { readonly state: ConnectionState }>(
  ofAccount: readonly C[],
): C | null {
  return ofAccount.find(({ state }) => state !== 'disabled' && state !== 'implicit') ?? null
}
