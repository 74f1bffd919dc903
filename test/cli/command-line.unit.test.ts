import { readFile } from 'node:fs/promises'
import { Writable } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { cliDocFaults, documentedCommands, exampleOf } from '../../scripts/cli-docs.js'
import { toCliError } from '../../src/cli/errors/report-error.js'
import { exitCodesOf } from '../../src/cli/leaf-command.js'
import { createOutput, type Output } from '../../src/cli/output.js'
import { addDemo } from '../../demo/demo-command.js'
import { addDev } from '../../dev/dev-command.js'
import { buildProgram } from '../../src/cli/program.js'
import { checkoutRoot } from '../../src/checkout.js'

/** Collects written text. */
function stream(): { readonly writable: Writable; text(): string } {
  const chunks: string[] = []
  const writable = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString())
      done()
    },
  })
  return { writable, text: () => chunks.join('') }
}

const silent: Output = createOutput(stream().writable, stream().writable)

async function refusal(args: readonly string[]) {
  try {
    await buildProgram(silent).parseAsync([...args], { from: 'user' })
  } catch (error) {
    const { code, kind, message, path } = toCliError(error)
    return { code, exitCode: kind.exitCode, message, path }
  }
  throw new Error('not refused')
}

describe('the command line refuses', () => {
  it.each([
    ['an unknown option', ['connection', 'list', '--colour']],
    ['an unknown command', ['connection', 'erase', 'acme-dynamics']],
    ['a missing option', ['why', 'acme-dynamics']],
    ['a missing argument', ['connection', 'show']],
    ['an argument too many', ['connection', 'list', 'acme']],
    [
      'a stage that is none',
      ['pre-send', 'abort', 'x', '--stage', 'later', '--reason', 'a', '--by', 'b'],
    ],
    ['an unknown queue', ['worker', '--queues', 'setup,mail']],
    ['a port that is none', ['gateway', '--port', '70000']],
    ['an empty reason', ['held', 'approve', 'acme', '--reason', ' ', '--by', 'me']],
    ['an address given twice', ['why', 'acme', '--email', 'a@x.example', '--email', 'b@x.example']],
    ['a port given twice, as two spellings', ['gateway', '--port', '1', '--port=2']],
    ['a contact without an id', ['resync', 'acme', '--contact', '7', '--contact', '']],
    [
      'a field given twice',
      ['setup', 'override', 'acme', '--value', 'a=1', '--value', 'b=2', '--value', 'a=3'],
    ],
    ['an address in place of a command', ['who@example.test']],
  ])('%s', async (_what, args) => {
    expect(await refusal(args)).toMatchSnapshot()
  })
})

describe('output', () => {
  it('gives no word of an answer when nobody reads any more', async () => {
    const gone = new Writable({
      write(_chunk, _encoding, done) {
        done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
      },
    })
    const output = createOutput(gone, stream().writable)
    expect(await output.write('first')).toBe(false)
    expect(await output.write('second')).toBe(false)
  })

  it('is one line of JSON, or text', async () => {
    const stdout = stream()
    const output = createOutput(stdout.writable, stream().writable)
    await output.answer(true, { a: { b: 1 } }, () => 'not this')
    await output.answer(false, { not: 'this' }, () => 'text')
    expect(stdout.text()).toBe('{"a":{"b":1}}\ntext\n')
  })
})

describe('the program of the image', () => {
  it.each(['dev', 'demo'])('says where %s is to be had', async (name) => {
    const trying = buildProgram(silent).parseAsync([name], { from: 'user' })
    await expect(trying).rejects.toMatchObject({ code: 'checkout_needed' })
  })
})

describe('docs/cli.md', () => {
  const commands = documentedCommands(buildProgram(silent, [addDev, addDemo]), exitCodesOf)

  it('describes every command with its options, exit codes and an example', async () => {
    const text = await readFile(`${checkoutRoot}docs/cli.md`, 'utf8')
    expect(cliDocFaults(text, commands)).toEqual([])
    expect(commands.length).toBeGreaterThan(15)
  })

  it('is found at fault where it says too little, or too much', async () => {
    const text = await readFile(`${checkoutRoot}docs/cli.md`, 'utf8')
    const changed = text
      .replace('| `--dry-run`', '| `--try-out`')
      .replace('### `lbsync migrate`', '### `lbsync migrate all`')
      .replace('Exit codes: 0, 1, 2, 3, 4, 5.', 'Exit codes: 0, 1.')
    expect(cliDocFaults(changed, commands)).toEqual([
      'docs/cli.md tells of lbsync migrate all, which is not there',
      'docs/cli.md has no section for lbsync migrate',
      'docs/cli.md, lbsync connection apply <file>: exit codes are 0, 1, 2, 3, 4, 5, documented are 0, 1',
      'docs/cli.md, lbsync resync <id>: --dry-run is not documented',
      'docs/cli.md, lbsync resync <id>: --try-out is not there',
    ])
    expect(exampleOf(text, 'connection list')).toMatchObject({ connections: [{ crm: 'dynamics' }] })
  })
})
