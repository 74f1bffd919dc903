/** The parts of a refused call that explain it. */
interface Refused {
  readonly upstreamCode: string | null
  /** As `src/http` reports it: status, code, and Entra's AADSTS number. */
  readonly detail: string
}

/** Why Dataverse or Entra refuses these credentials, by code; each needs something else from a person. */
const HINTS: Readonly<Record<string, string>> = {
  '0x80072560': 'The app is no application user of this environment: add it in the admin centre.',
  '0x80040225': 'The application user is disabled: enable it.',
  '0x8004d24b': 'The application user is disabled: enable it.',
  invalid_client: 'The client secret is wrong or has expired: put a new one in the connection.',
  unauthorized_client: 'Entra does not know this client id in this tenant.',
  invalid_resource: 'Entra does not know this environment address in this tenant.',
  wrong_organization: 'Another organisation answers at this address than the one set up before.',
}

/** Only for the text: the outcome follows from the codes, as Microsoft may change the numbers. */
const SECRET_EXPIRED = 'AADSTS7000222'

/** The probable reason why credentials are refused, and what to do. */
export function refusalHint({ upstreamCode, detail }: Refused): string {
  return detail.includes(SECRET_EXPIRED)
    ? 'The client secret has expired: make a new one in Entra ID, and put it in the connection.'
    : (HINTS[upstreamCode ?? ''] ?? 'Dynamics does not accept these credentials.')
}

/** The same for a connection that worked before. */
export function explainRefusal(refused: Refused): string {
  return (
    `Dynamics refuses the application's credentials. ${refusalHint(refused)} ` +
    'After a change in the connection apply its file again; the sync notices by itself what is fixed in Dynamics or Entra.'
  )
}
