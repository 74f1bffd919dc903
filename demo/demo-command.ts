import type { Command } from 'commander'
import { EXIT } from '../src/contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../src/cli/leaf-command.js'
import type { Output } from '../src/cli/output.js'
import { stopSignal } from '../src/cli/stop-signal.js'

/** `lbsync demo`: a checked tour of the complete stack, which ends by itself. */
export function addDemo(program: Command, output: Output): void {
  addLeaf(program, {
    usage: 'demo',
    summary: 'an explained and checked tour of the whole product, on stand-ins; ends by itself',
    exitCodes: [EXIT.refusedByRule, EXIT.unreachable, EXIT.interrupted],
    notes: 'Ends with 0 only if every claim held.',
  }).action(async ({ json = false }: JsonOption) => {
    const { runDemo } = await import('./run-demo.js')
    const report = await runDemo(output, await stopSignal())
    await output.answer(json, report, () =>
      report.failed === 0
        ? `\nAll ${report.held} claims held, in ${report.seconds} s.`
        : `\n${report.failed} of ${report.held + report.failed} claims did not hold.`,
    )
    process.exitCode = report.failed === 0 ? EXIT.done : EXIT.failed
  })
}
