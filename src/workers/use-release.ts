import { setTimeout as wait } from 'node:timers/promises'
import { AppError } from '../contracts/app-error.js'
import { makeCurrent, readDeployment, servedBeyond, servedQueues } from './deployment.js'
import { misfitsOf } from './misfits.js'
import type { Release } from './watch-release.js'

const LOOK_EVERY_MS = 100
/** Most workflows that an error names. */
const NAMED = 10

/**
 * Makes a build the current one, by an operator's choice.
 * @param force also if running workflows do not fit it.
 * @returns ids of the workflows whose tasks will fail because it was forced.
 * @throws AppError `release_misfit`, `worker_unreachable`, `releases_unsupported`, `releases_denied`; the client's
 * errors.
 */
export async function useRelease(
  { temporal, buildId, bundle }: Release,
  force: boolean,
): Promise<readonly string[]> {
  const deployment = await readDeployment(temporal)
  const served = await servedQueues(temporal)
  if (deployment === null || !served.has(buildId)) {
    throw unreachable(`No worker of build ${buildId} runs.`, buildId)
  }
  const lacking = servedBeyond(served, deployment.current, buildId)
  if (lacking.length > 0) {
    const which = `${lacking.join(', ')}, which the current build serves`
    throw unreachable(`Build ${buildId} does not serve ${which}.`, buildId)
  }
  const misfits = (await misfitsOf(temporal.client, bundle)).map(({ workflowId }) => workflowId)
  if (misfits.length > 0 && !force) {
    const named = misfits.slice(0, NAMED).join(', ') + (misfits.length > NAMED ? ' …' : '')
    throw new AppError(
      'release_misfit',
      `${misfits.length} running workflows do not fit build ${buildId}: ${named}.`,
      { value: buildId },
    )
  }
  if (!(await makeCurrent(temporal, deployment, buildId))) {
    const message = `Build ${buildId} has never served some queue that the current build has served.`
    throw unreachable(message, buildId)
  }
  while ((await readDeployment(temporal))?.settled === false) {
    await wait(LOOK_EVERY_MS)
  }
  return misfits
}

function unreachable(message: string, buildId: string): AppError {
  return new AppError('worker_unreachable', message, { value: buildId })
}
