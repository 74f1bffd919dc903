import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { DefaultLogger, Runtime, Worker, type WorkflowBundleOption } from '@temporalio/worker'
import * as workflows from '../../src/workflows/index.js'
import { provisionTimeoutMs } from '../support/ask-broker.js'
import { workflowBundle } from '../support/workflow-bundle.js'
import { recordedHistories, type RecordedHistory } from './histories.js'

// The results report histories that cannot be replayed; the core's own lines would only be noise.
Runtime.install({
  logger: new DefaultLogger('ERROR', () => {}),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
})

describe('histories of before', () => {
  let histories: RecordedHistory[]
  let codePath: string

  beforeAll(async () => {
    histories = await recordedHistories()
    codePath = (await workflowBundle()).codePath
  }, provisionTimeoutMs)

  /** Files of the histories that the bundled workflows do not replay in the same way. */
  async function misfits(bundle: WorkflowBundleOption): Promise<string[]> {
    const files: string[] = []
    const runIds = new Map<string, string>()
    for (const { file, workflowId, history } of histories) {
      const given = [{ workflowId, history: history }]
      for await (const { runId, error } of Worker.runReplayHistories(
        { workflowBundle: bundle },
        given,
      )) {
        runIds.set(runId, file)
        if (error) {
          files.push(file)
        }
      }
    }
    return files
  }

  it('are there of every workflow, and stay small', () => {
    const types = new Set(histories.map(({ workflowType }) => workflowType))
    expect([...types].sort()).toEqual(Object.keys(workflows).sort())
    const bytes = histories.reduce((sum, { text }) => sum + text.length, 0)
    expect(bytes).toBeLessThan(2_000_000)
  })

  it('are gone through again by the workflows of today', async () => {
    expect(await misfits({ codePath })).toEqual([])
  })

  it('show when a workflow is changed', async () => {
    const code = await readFile(codePath, 'utf8')
    const changed = code.replaceAll('sync.syncCategories(run)', 'sync.settleRun(run)')
    expect(changed).not.toBe(code)
    const files = await misfits({ code: changed })
    expect(files.length).toBeGreaterThan(0)
    expect(files.every((file) => /\.(sweepRun|dynamicsSetup|connectionSetup)\./.test(file))).toBe(
      true,
    )
  })
})
