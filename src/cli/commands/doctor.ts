import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'

const MARKS = { ok: '✓', warning: '!', fault: '✗' } as const

/** `lbsync doctor`: checks the environment of this process. */
export function addDoctor(program: Command, output: Output): void {
  addLeaf(program, {
    usage: 'doctor',
    summary: 'check environment, database, Temporal and the public address; change nothing',
    notes:
      'Run it where a worker runs, with its environment. Ends with 1 where something is at fault, with 0 for warnings.',
  }).action(async ({ json = false }: JsonOption) => {
    const { lookAtEverything } = await import('../../app/doctor.js')
    const findings = await lookAtEverything()
    const healthy = findings.every(({ outcome }) => outcome !== 'fault')
    await output.answer(json, { healthy, findings }, () =>
      findings
        .flatMap(({ about, outcome, message, hint }) => [
          `${MARKS[outcome]} ${about}: ${message}`,
          ...(hint === null ? [] : [`    what to do: ${hint}`]),
        ])
        .join('\n'),
    )
    process.exitCode = healthy ? EXIT.done : EXIT.failed
  })
}
