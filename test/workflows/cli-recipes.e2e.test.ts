import { execFile, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { SEARCH_ATTRIBUTES } from '../../src/contracts/names.js'
import { freePort } from '../../dev/embedded/start-program.js'
import { temporalCli } from '../../dev/embedded/temporal-programs.js'
import { provisionTimeoutMs } from '../support/ask-broker.js'
import { blockOf, blocksOf, commandsOf } from '../support/documents.js'
import { withTemporal } from '../support/with-temporal.js'
import { workflowBundle } from '../support/workflow-bundle.js'
import { startBuild, type BuildWorkers } from './support/build-workers.js'
import { recipesOf } from './support/doc-recipes.js'
import { FakeSendouts } from './support/fake-sendouts.js'
import { setupThatAsks } from './support/setup-that-asks.js'
import { untilStatus } from './support/setup-runs.js'
import { tracesOfPeople } from './support/traces-of-people.js'

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
})

const run = promisify(execFile)
const DOCUMENT = fileURLToPath(new URL('../../docs/temporal-cli.md', import.meta.url))
const recipes = await recipesOf(DOCUMENT)

describe('recipes of docs/temporal-cli.md', () => {
  let build: BuildWorkers
  // Hooks of the end run in this order: workers first, then their connection.
  afterAll(() => build.stop())
  const temporal = withTemporal()
  let environment: NodeJS.ProcessEnv

  const shell = (command: string) => run('/bin/sh', ['-c', command], { env: environment })

  beforeAll(async () => {
    const code = await readFile((await workflowBundle()).codePath, 'utf8')
    build = await startBuild(temporal, 'recipes', code, {
      ...new FakeSendouts({ targeted: 10 }).activities(),
      ...setupThatAsks(),
    })
    await build.releaseState('current')
    environment = {
      PATH: `${dirname(await temporalCli())}:${process.env['PATH']}`,
      HOME: process.env['HOME'],
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
    }
  }, provisionTimeoutMs)

  it('are there of every workflow that is started by somebody, and every message', async () => {
    const all = recipes.map(({ command }) => command).join('\n')
    const types = [
      'dynamicsSetup',
      'preSend',
      'sweepRun',
      'backgroundSweep',
      'contactInbox',
      'resync',
      'pauseConnection',
      'resumeConnection',
      'disconnect',
    ]
    const shown = (await blocksOf('docs/temporal-cli.md', 'sh runnable')).flatMap(commandsOf)
    expect(recipes.map(({ command }) => command)).toEqual(shown)
    for (const type of types) {
      expect(all).toContain(`--type ${type} `)
    }
    for (const message of [
      'signal --workflow-id setup/acme-dynamics --name pause',
      'signal --workflow-id setup/acme-dynamics --name resume',
      'signal --workflow-id setup/acme-dynamics --name override',
      'update execute --workflow-id setup/acme-dynamics --name override',
      '"dryRun":true',
      '--name abort',
      '--name reschedule',
      '--name join',
      '--type status',
      '--name changed',
    ]) {
      expect(all).toContain(message)
    }
  })

  it('have a development server that knows the search attributes from the start', async () => {
    const start = await blockOf('docs/temporal-cli.md', 'sh', 'start-dev')
    // On a free port and without a browser page; everything else is unchanged.
    const address = `127.0.0.1:${await freePort()}`
    const own = `--headless --port ${address.split(':')[1]}`
    const command = `exec ${commandsOf(start).join('')} ${own}`
    const server = spawn('/bin/sh', ['-c', command], { env: environment, stdio: 'ignore' })
    const list = () =>
      shell(
        `temporal operator search-attribute list --address ${address} --namespace default`,
      ).then(
        ({ stdout }) => stdout,
        () => '',
      )
    try {
      let known = ''
      while (server.exitCode === null && !known.includes('ConnectionId')) {
        known = await list()
      }
      for (const name of SEARCH_ATTRIBUTES) {
        expect(known).toContain(name)
      }
    } finally {
      server.kill()
    }
  })

  it.each(recipes)('$section: $command', async ({ command, expected, awaited }) => {
    const output = async () => (await shell(command)).stdout.replaceAll(/\s+/g, ' ')
    let stdout = await output()
    while (awaited.some((text) => !stdout.includes(text))) {
      stdout = await output()
    }
    for (const text of expected) {
      expect(stdout).toContain(text)
    }
  })

  it('give each choice of Support to the step, and keep all of them as evidence', () => {
    const formId = '8d2c3f52-0000-4000-8000-000000000003'
    const choices = build.world
      .inputs('runSetupStep')
      .filter(({ stepId, choice }) => stepId === 'form' && choice !== null)
    expect(choices.map(({ choice }) => choice)).toEqual([
      { action: 'retry' },
      { action: 'useForm', formId },
      { action: 'useTab', formId, tab: 'tab_1' },
    ])
    expect(build.world.inputs('keepSetupDecision').map(({ action, by }) => [action, by])).toEqual(
      ['pause', 'resume', 'retry', 'useForm', 'useTab'].map((action) => [action, 'Kari']),
    )
  })

  it('refuse an override that is no choice, and say why', async () => {
    await shell(
      `temporal workflow start --type dynamicsSetup --task-queue setup --workflow-id asking --input '{"connectionId":"asking"}'`,
    )
    const handle = temporal.client.workflow.getHandle('asking')
    await untilStatus(handle, ({ phase }) => phase === 'paused')
    const refused = shell(
      `temporal workflow update execute --workflow-id asking --name override --input '{"step":"form","action":"createTab","reason":"x","by":"Kari"}'`,
    )
    await expect(refused).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('"createTab" does not help'),
    })
    await shell(
      `temporal workflow update execute --workflow-id asking --name override --input '{"step":"form","action":"abort","reason":"x","by":"Kari"}'`,
    )
    expect(await handle.result()).toMatchObject({ result: 'aborted' })
  })

  it('refuse an abort without a reason, and say why', async () => {
    await shell(
      `temporal workflow start --type preSend --task-queue pre-send --workflow-id refusing --input ` +
        `'{"connectionId":"acme-dynamics","sendoutId":"snd_80","campaignId":"501","componentId":"9001","stage":"send","startAt":"2099-01-01T08:00:00Z"}'`,
    )
    const refused = shell(
      `temporal workflow update execute --workflow-id refusing --name abort --input '{"by":"support"}'`,
    )
    await expect(refused).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('reason is missing'),
    })
    await shell('temporal workflow cancel --workflow-id refusing')
  })

  it('leave nobody in any history', async () => {
    let histories = 0
    for await (const { workflowId, runId } of temporal.client.workflow.list()) {
      const { stdout } = await shell(
        `temporal workflow show --workflow-id ${workflowId} --run-id ${runId} --output json`,
      )
      expect([workflowId, ...tracesOfPeople(stdout)]).toEqual([workflowId])
      histories += 1
    }
    expect(histories).toBeGreaterThan(8)
  })
})
