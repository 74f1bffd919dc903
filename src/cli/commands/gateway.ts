import { InvalidArgumentError, type Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'
import { stopSignal } from '../stop-signal.js'

interface Options extends JsonOption {
  readonly port?: number
  readonly host: string
}

/** `lbsync gateway`: receives webhooks and serves lists and results, until a stop signal. */
export function addGateway(program: Command, output: Output): void {
  addLeaf(program, {
    usage: 'gateway',
    summary: 'receive webhooks, and serve the campaign service, until SIGTERM or SIGINT',
    exitCodes: [EXIT.unreachable],
    notes: 'With --json the document is one line, written when it listens.',
  })
    .option(
      '--port <number>',
      'port to listen on; 0 picks a free one (default: GATEWAY_PORT)',
      portOf,
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .action(async ({ json = false, port, host }: Options) => {
      const signal = await stopSignal()
      const { runGateway } = await import('../../app/run-gateway.js')
      await runGateway({ port, host, signal }, (url) =>
        output.write(
          json ? `${JSON.stringify({ ready: true, url })}\n` : `The gateway listens at ${url}.\n`,
        ),
      )
    })
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535)) {
    throw new InvalidArgumentError('A port is a number from 0 to 65535.')
  }
  return port
}
