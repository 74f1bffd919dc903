/** What several tenants share, such as the key of the SuperOffice application: every connection file may name it. */
const SHARED_PREFIX = 'LBSYNC_SECRET_'

/** Variables of the service and of the machine it runs on, whatever a connection is called. */
const NOBODYS =
  /^(?:DATABASE_URL$|EMARKETEER_|GATEWAY_|SECRETS_KEY$|PUBLIC_URL$|\w+_DATABASE_PASSWORD$|TEMPORAL_|PG|NODE_|NPM_|AWS_|AZURE_|GOOGLE_|GCP_|GITHUB_|GITLAB_|CI_|DOCKER_|KUBERNETES_|VAULT_|SSH_|OTEL_|LD_)/

/**
 * What is wrong with a variable that a connection's file names, or null. A file may name variables that begin with the
 * first word of the connection's id, or that all share: any other one's value would go to whom the file names beside it.
 *
 * @param connectionId null: whoever the file names is this machine, for trying out.
 */
export function faultOfVariable(variable: string, connectionId: string | null): string | null {
  if (NOBODYS.test(variable)) {
    return `must not be ${variable}, which belongs to this service or its machine`
  }
  const [tenant = ''] = connectionId?.split('-') ?? []
  const own = /^[a-z]/.test(tenant) ? [`${tenant.toUpperCase()}_`] : []
  const prefixes = [...own, SHARED_PREFIX]
  return connectionId === null || prefixes.some((prefix) => variable.startsWith(prefix))
    ? null
    : `must not be ${variable}: the file of ${connectionId} may name variables that begin with ${prefixes.join(' or ')}`
}
