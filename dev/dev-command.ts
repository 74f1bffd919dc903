import { once } from 'node:events'
import { Option, type Command } from 'commander'
import { EXIT } from '../src/contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../src/cli/leaf-command.js'
import type { Output } from '../src/cli/output.js'
import type { DevFiles } from './stack/dev-files.js'
import type { StackPlaces } from './stack/start-stack.js'
import { stopSignal } from '../src/cli/stop-signal.js'
import { shellQuoted } from '../src/cli/terminal-text.js'

interface Options extends JsonOption {
  readonly pace: 'fast' | 'real'
}

/** Factor on the duration of customising Dynamics. `real` makes a set-up take about ten minutes (rule E1). */
const PACES = { fast: 0, real: 1 } as const

/** `lbsync dev`: runs the complete stack until it is stopped. */
export function addDev(program: Command, output: Output): void {
  addLeaf(program, {
    usage: 'dev',
    summary: 'run the whole stack on this machine, stand-ins included, until a stop signal',
    exitCodes: [EXIT.refusedByRule, EXIT.unreachable, EXIT.interrupted],
    notes: 'With --json the document is one line, written when everything is up.',
  })
    .addOption(
      new Option('--pace <pace>', 'how long set-up of Dynamics takes: seconds, or ten minutes')
        .choices(Object.keys(PACES))
        .default('fast'),
    )
    .action(async ({ json = false, pace }: Options) => {
      const { startStack } = await import('./stack/start-stack.js')
      const { writeDevFiles } = await import('./stack/dev-files.js')
      const signal = await stopSignal()
      const stack = await startStack({
        ui: true,
        superOffice: true,
        signal,
        dynamics: { pace: PACES[pace] },
        note: (line) => output.note(line),
        onLog: (chunk) => output.note(chunk.trimEnd()),
      })
      let files: DevFiles | null = null
      try {
        files = await writeDevFiles(stack)
        const { places, env } = stack
        const { directory, connections } = files
        const answer = { ready: true, ...places, files: { directory, connections }, env }
        const text = linesOf(places, files).join('\n')
        await output.answer(json, answer, () => text)
        const stopped = signal.aborted ? null : once(signal, 'abort').then(() => null)
        const ended = await Promise.race([stopped, stack.partEnded])
        if (ended !== null) {
          throw ended
        }
      } finally {
        await stack.stop()
        await files?.remove()
      }
    })
}

function linesOf(places: StackPlaces, { environment, connections }: DevFiles): string[] {
  const { emarketeer, dynamics, superOffice } = places
  const standIns = [
    ['eMarketeer', emarketeer],
    ['Dynamics', dynamics],
    ['SO Online', superOffice?.online],
    ['SO on site', superOffice?.onsite],
  ] as const
  return [
    `Temporal     ${places.temporalAddress}   UI ${places.temporalUiUrl ?? '-'}`,
    ...(places.temporalCli === null
      ? []
      : [
          `Temporal CLI ${shellQuoted(places.temporalCli)}   (docs/temporal-cli.md calls it temporal)`,
        ]),
    `PostgreSQL   DATABASE_URL in ${shellQuoted(environment)}`,
    `Gateway      ${places.gatewayUrl}`,
    ...standIns.flatMap(([name, standIn]) =>
      standIn ? [`${name.padEnd(12)} ${standIn.url}   control ${standIn.controlUrl}`] : [],
    ),
    '',
    'For commands in another terminal, here in the checkout:',
    `. ${shellQuoted(environment)}`,
    ...connections.map((path) => `npx lbsync connection apply ${shellQuoted(path)}`),
  ]
}
