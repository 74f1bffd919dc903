import { type Command, Option } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import type { PreSendResult, SendoutStage } from '../../contracts/pre-send.js'
import { addLeaf, type JsonOption, type EvidenceOption } from '../leaf-command.js'
import type { Output } from '../output.js'
import { jsonText } from '../terminal-text.js'

/** `lbsync pre-send FILE`, and the commands that steer a running pre-send. */
export function addPreSend(program: Command, output: Output): void {
  const command = addLeaf(program, {
    usage: 'pre-send <file>',
    summary: 'start a pre-send from a request file, or join the one that runs',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable, EXIT.incomplete],
    notes:
      'With --wait the exit code is 6 if somebody could not be verified, or if it was aborted.',
  })
    .option('--wait', 'wait for the result, and print it')
    .enablePositionalOptions()
    .action(
      async (
        file: string,
        { json = false, wait = false }: JsonOption & { readonly wait?: boolean },
      ) => {
        const { startPreSend } = await import('../../app/sendouts.js')
        const answer = await startPreSend(file, { wait, progress: output })
        if ('workflowId' in answer) {
          await output.answer(
            json,
            answer,
            () => `Pre-send ${answer.status}: ${answer.workflowId}.`,
          )
          return
        }
        await output.answer(json, answer, () => resultText(answer))
        if (!answer.complete || answer.outcome === 'aborted') {
          process.exitCode = EXIT.incomplete
        }
      },
    )
  addPreSendAbort(command, output)
  addPreSendReschedule(command, output)
}

function resultText(result: PreSendResult): string {
  const excluded = Object.entries(result.excluded).filter(([, count]) => count > 0)
  return [
    `Sendout ${result.sendoutId}, stage ${result.stage}: ${result.outcome}, ` +
      `${result.complete ? 'complete' : 'incomplete'}, verified as of ${result.verifiedAsOf ?? 'never'}`,
    `${result.eligible} of ${result.targeted} eligible`,
    ...excluded.map(([reason, count]) => `  excluded, ${reason}: ${count}`),
    ...(result.problems.length === 0 ? [] : [`What went wrong: ${result.problems.join(', ')}`]),
    result.mailingList === null ? 'No mailing list.' : `Mailing list: ${result.mailingList}`,
  ].join('\n')
}

const STAGES: readonly SendoutStage[] = ['checklist', 'send']

/** `--stage`, which together with the sendout id identifies a pre-send. */
function stageOption(): Option {
  return new Option('--stage <stage>', 'stage of the sendout').choices(STAGES).makeOptionMandatory()
}

/** `--account`, so that another account's sendout with the same id is refused. */
function accountOption(): Option {
  return new Option(
    '--account <id>',
    'account of the sendout; required if several accounts have a sendout with this id',
  )
}

/** `lbsync pre-send abort SENDOUT_ID` */
function addPreSendAbort(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'abort <sendoutId>',
    summary: 'abort a running pre-send: nobody is eligible, and there is no list',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
  })
    .addOption(stageOption())
    .addOption(accountOption())
    .requiredOption('--reason <text>', 'why')
    .requiredOption('--by <name>', 'who')
    .action(
      async (
        sendoutId: string,
        {
          json = false,
          stage,
          reason,
          by,
          account,
        }: EvidenceOption & { readonly stage: string; readonly account?: string },
      ) => {
        const { steerPreSend } = await import('../../app/sendouts.js')
        const steered = await steerPreSend(sendoutId, stage, {
          name: 'abort',
          change: { reason, by, ...(account === undefined ? {} : { accountId: account }) },
        })
        await output.answer(json, steered, () => `${steered.workflowId} is being aborted.`)
      },
    )
}

/** `lbsync pre-send reschedule SENDOUT_ID` */
function addPreSendReschedule(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'reschedule <sendoutId>',
    summary: 'move the start of a pre-send that still waits',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
  })
    .addOption(stageOption())
    .addOption(accountOption())
    .requiredOption('--start-at <time>', 'ISO UTC')
    .option('--deadline <time>', 'ISO UTC (default: 30 minutes after the start)')
    .action(
      async (
        sendoutId: string,
        {
          json = false,
          stage,
          startAt,
          deadline,
          account,
        }: JsonOption & {
          readonly stage: string
          readonly startAt: string
          readonly deadline?: string
          readonly account?: string
        },
      ) => {
        const { steerPreSend } = await import('../../app/sendouts.js')
        const change = {
          startAt,
          ...(deadline === undefined ? {} : { deadline }),
          ...(account === undefined ? {} : { accountId: account }),
        }
        const steered = await steerPreSend(sendoutId, stage, { name: 'reschedule', change })
        await output.answer(
          json,
          steered,
          () =>
            `${steered.workflowId} starts at ${steered.status.startAt}, to be done ` +
            `${steered.status.deadline === null ? '30 minutes later' : `by ${steered.status.deadline}`}.`,
        )
      },
    )
}

interface Options extends JsonOption {
  readonly account: string
}

/** `lbsync mailing-list SENDOUT_ID`: lines of JSON with and without `--json`, which only changes how errors are reported. */
export function addMailingList(program: Command, output: Output): void {
  addLeaf(program, {
    usage: 'mailing-list <sendoutId>',
    summary: 'write the mailing list, one JSON document a line',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
    notes:
      'Each page first catches up with eMarketeer: who withdrew meanwhile is not on it. --json changes only how\n' +
      'errors are reported. The list is complete only if the command exits with 0.',
  })
    .requiredOption(
      '--account <id>',
      "account of the sendout; another account's sendout with this id is not returned",
    )
    .action(async (sendoutId: string, { account }: Options) => {
      const { readMailingList } = await import('../../app/sendouts.js')
      await readMailingList({ sendoutId, accountId: account }, async (entries) => {
        const lines = entries.map((entry) => `${jsonText(entry)}\n`).join('')
        return lines === '' || output.write(lines)
      })
    })
}
