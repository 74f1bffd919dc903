import { once } from 'node:events'
import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'
import { stopSignal } from '../stop-signal.js'

/** `lbsync dev`: the whole stack in one go, kept up until it is told to stop. */
export function addDev(program: Command, output: Output): void {
  addLeaf(program, {
    usage: 'dev',
    summary: 'run the whole stack on this machine, stand-ins included, until SIGTERM or SIGINT',
    exitCodes: [EXIT.unreachable],
    notes: 'With --json the document is one line, written when everything is up.',
  }).action(async ({ json = false }: JsonOption) => {
    const { startStack } = await import('../stack/start-stack.js')
    const signal = stopSignal()
    const stack = await startStack({
      ui: true,
      note: (line) => output.note(line),
      onLog: (chunk) => output.note(chunk.trimEnd()),
    })
    try {
      const { places, env } = stack
      await output.answer(json, { ready: true, ...places, env }, () =>
        [
          `Temporal     ${places.temporalAddress}   UI ${places.temporalUiUrl ?? '-'}`,
          `PostgreSQL   DATABASE_URL below`,
          `Gateway      ${places.gatewayUrl}`,
          `eMarketeer   ${places.emarketeer.url}   control ${places.emarketeer.controlUrl}`,
          `Dynamics     ${places.dynamics.url}   control ${places.dynamics.controlUrl}`,
          '',
          'For commands in another terminal:',
          ...Object.entries(env).map(([name, value]) => `export ${name}='${value}'`),
        ].join('\n'),
      )
      if (!signal.aborted) {
        await once(signal, 'abort')
      }
    } finally {
      await stack.stop()
    }
  })
}
