import { setTimeout as wait } from 'node:timers/promises'
import { AppError } from '../contracts/app-error.js'
import { makeCurrent, readDeployment, servedBuilds } from './deployment.js'
import { misfitsOf } from './misfits.js'
import type { Release } from './watch-release.js'

const LOOK_EVERY_MS = 100
/** How many workflows an error names. */
const NAMED = 10

/**
 * Gives the work to a build, as an operator chooses.
 *
 * @param force whatever does not fit it.
 * @returns ids of workflows whose tasks will fail, as it was forced.
 * @throws AppError `release_misfit`, `worker_unreachable`, `releases_unsupported`; the client's errors.
 */
export async function useRelease(
  { temporal, buildId, bundle }: Release,
  force: boolean,
): Promise<readonly string[]> {
  const deployment = await readDeployment(temporal)
  if (deployment === null || !(await servedBuilds(temporal)).has(buildId)) {
    throw notServed(buildId)
  }
  const misfits = await misfitsOf(temporal.client, bundle)
  if (misfits.length > 0 && !force) {
    const named = misfits.slice(0, NAMED).join(', ') + (misfits.length > NAMED ? ' …' : '')
    throw new AppError(
      'release_misfit',
      `${misfits.length} running workflows do not fit build ${buildId}: ${named}.`,
      { value: buildId },
    )
  }
  if (!(await makeCurrent(temporal, deployment, buildId))) {
    throw notServed(buildId)
  }
  while ((await readDeployment(temporal))?.settled === false) {
    await wait(LOOK_EVERY_MS)
  }
  return misfits
}

function notServed(buildId: string): AppError {
  return new AppError(
    'worker_unreachable',
    `Build ${buildId} does not serve every queue that the current build serves.`,
    { value: buildId },
  )
}
