/**
 * Writes docs/errors.md from the catalogue, so that the two cannot differ.
 *
 *   node --import tsx scripts/generate-errors.mjs           write
 *   node --import tsx scripts/generate-errors.mjs --check   exit 1 when the file is out of date
 */
import { ERROR_CATALOGUE, EXIT } from '../src/contracts/error-catalogue.ts'
import { writeOrCheck } from './generated-doc.mjs'

/** The meaning of an exit code, in the words of docs/cli.md. */
const MEANING = {
  done: 'Done',
  failed: 'Failed',
  badInput: 'Bad input',
  notFound: 'Not found',
  refusedByRule: 'Refused by a rule',
  unreachable: 'Something outside is unreachable',
  incomplete: 'Pre-send incomplete or aborted',
}

function sectionOf([name, exitCode]) {
  const rows = Object.entries(ERROR_CATALOGUE)
    .filter(([, kind]) => kind.exitCode === exitCode)
    .map(
      ([code, kind]) =>
        `| \`${code}\` | ${kind.httpStatus} | ${kind.retryable ? 'yes' : 'no'} | ${kind.hint.replaceAll('|', '\\|')} |`,
    )
  if (rows.length === 0) {
    return []
  }
  const head = ['| Code | HTTP status | Tried again by itself | What to do |', '|---|---|---|---|']
  return [`## Exit code ${exitCode}: ${MEANING[name]}`, [...head, ...rows].join('\n')]
}

const parts = [
  '# Errors',
  '<!-- Made by scripts/generate-errors.mjs from src/contracts/error-catalogue.ts. Do not edit. -->',
  'Every error that leaves the product has one of these codes. A code is never renamed or given another meaning. ' +
    'The exit code is that of `lbsync`, the HTTP status that of the gateway. "Tried again by itself" is what Temporal ' +
    'does when an activity ends with this error.',
  'With `--json`, and from the gateway, an error is one document:',
  '```json\n{ "error": { "code": "secret_missing", "message": "The environment variable ACME_SECRET, which dynamics.clientSecret names, is not set.", "path": "dynamics.clientSecret", "value": null, "hint": "Set the environment variable that the file names, and run again." } }\n```',
  '`path` says where in the input, `value` which value, redacted. Where an input has several faults, ' +
    '`error.problems` lists all of them, each with `code`, `message`, `path` and `value`; the error itself is the first.',
  'Exit code 0 means done.',
  ...Object.entries(EXIT).flatMap(sectionOf),
]

await writeOrCheck('errors.md', parts, 'scripts/generate-errors.mjs')
