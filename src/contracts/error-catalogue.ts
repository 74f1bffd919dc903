/**
 * Every error that leaves the product, by its stable code. The command line's exit code, the gateway's status and
 * Temporal's retry depend on the code alone. The texts are in docs/errors.md.
 */

/** Exit codes of the command line (docs/cli.md). */
export const EXIT = {
  done: 0,
  failed: 1,
  badInput: 2,
  notFound: 3,
  refusedByRule: 4,
  unreachable: 5,
  incomplete: 6,
  /** The shell's code for an interrupted program. */
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** The meaning of a code for the command line, the gateway and Temporal. */
export interface ErrorKind {
  readonly exitCode: ExitCode
  readonly httpStatus: number
  /** Whether Temporal retries it. */
  readonly retryable: boolean
  /** The reader's remedy. */
  readonly hint: string
}

const badInput = (hint: string): ErrorKind => ({
  exitCode: EXIT.badInput,
  httpStatus: 422,
  retryable: false,
  hint,
})
const refused = (hint: string): ErrorKind => ({
  exitCode: EXIT.refusedByRule,
  httpStatus: 409,
  retryable: false,
  hint,
})
const notFound = (hint: string): ErrorKind => ({
  exitCode: EXIT.notFound,
  httpStatus: 404,
  retryable: false,
  hint,
})
const outside = (hint: string, retryable = true): ErrorKind => ({
  exitCode: EXIT.unreachable,
  httpStatus: 503,
  retryable,
  hint,
})

/** The catalogue. A code is never renamed, nor does its meaning change. */
export const ERROR_CATALOGUE = {
  // input
  file_unreadable: badInput('Check that the file exists and can be read.'),
  file_not_json: badInput('The file must hold one JSON object.'),
  repeated_key: badInput('Keep one of them: the others would be passed over.'),
  unknown_key: badInput('Remove the key, or correct its spelling.'),
  value_missing: badInput('Add the value.'),
  value_invalid: badInput('Correct the value.'),
  secret_missing: badInput('Set the environment variable that the file names, and run again.'),
  http_not_allowed: badInput(
    'Use https. For trying out on this machine only, set ALLOW_LOOPBACK_HTTP=true and use a loopback address.',
  ),
  environment_invalid: badInput('Correct the environment variable.'),
  deadline_past: badInput('Give a deadline in the future, or none: 30 minutes after the start.'),
  too_many_contact_ids: badInput(
    'Name at most 1,000 contacts; give the campaign and component for more.',
  ),
  audience_incomplete: badInput(
    'With contactIds give channel, categoryId (or null) and transactional; without, give none of them.',
  ),
  unknown_option: badInput('See --help.'),
  // not found
  connection_not_found: notFound('See `lbsync connection list`.'),
  account_not_found: notFound('Check accountId: eMarketeer has no such account.'),
  sendout_not_found: notFound('Check the sendout id; a list exists only after stage "send".'),
  campaign_not_found: notFound(
    'Check campaignId and componentId: eMarketeer has no such campaign or component.',
  ),
  contact_not_found: notFound('Nobody with this address is known on either side.'),
  run_not_found: notFound('Check the id and the stage. What has ended cannot be steered any more.'),
  setup_not_running: notFound('Apply the connection file again: `lbsync connection apply`.'),
  // refused by a rule
  crm_not_supported: refused('Use one of the CRMs that the message names.'),
  tenant_has_active_crm: refused(
    'One account has one active CRM. Disable the other connection first.',
  ),
  sync_needs_reenable: refused(
    'Disable the integration (CRM "None", apply changes) and enable it again with sync switched on.',
  ),
  none_with_sync: refused('Uncheck legal basis sync when choosing CRM "None".'),
  sendout_of_another_account: refused(
    'A pre-send with this sendout id runs for another account: use another id, or try again when it has ended.',
  ),
  request_differs: refused(
    'Send the same request as the running pre-send, or abort that one first.',
  ),
  pre_send_started: refused('Abort it, and start it again.'),
  pre_send_decided: refused('Read its result; a new run replaces its list.'),
  connection_paused: refused('Resume the connection first.'),
  connection_disabled: refused('Enable the connection first.'),
  connection_not_paused: refused(
    'See `lbsync connection show`: only a paused connection can be resumed.',
  ),
  connection_setting_up: refused(
    'Wait until set-up has ended, or hold it back with `lbsync setup pause`.',
  ),
  connection_not_disabled: refused('It was enabled again meanwhile; nothing more is removed.'),
  disconnect_running: refused(
    'Wait until it has ended (`temporal workflow describe -w disconnect/<connection id>`), or abort it.',
  ),
  setup_of_another_crm: refused("Start the set-up workflow of the connection's CRM."),
  release_misfit: refused(
    'Reset or end these workflows first (docs/runbook.md), or use --force and do so afterwards.',
  ),
  override_invalid: badInput('See docs/driving.md for what the message must hold.'),
  override_refused: refused(
    'See `lbsync setup status`: the step, what it waits for, and the choices.',
  ),
  environment_shared: refused(
    'Disable the other connection first; or disable this one only, by applying its file with CRM "None".',
  ),
  list_not_available: refused('The sendout ended without a list; see its result.'),
  crm_changed: refused(
    'The CRM of the account was replaced, or connected again, since this sendout was opened: start the pre-send again.',
  ),
  newer_run: refused(
    'A later run of this sendout and stage, under another workflow id, has its own list: if nobody is to be mailed, abort that one too (`temporal workflow list` with the sendout id).',
  ),
  decided_before: refused(
    'Result and list are from before the workflow was reset. To check again, let this run end and start the pre-send again.',
  ),
  // gateway
  webhook_unauthorized: {
    exitCode: EXIT.failed,
    httpStatus: 401,
    retryable: false,
    hint: 'The secret or signature does not fit this address.',
  },
  webhook_malformed: {
    exitCode: EXIT.failed,
    httpStatus: 400,
    retryable: false,
    hint: 'The body is not what this sender posts.',
  },
  webhook_wrong_organization: {
    exitCode: EXIT.failed,
    httpStatus: 403,
    retryable: false,
    hint: 'The event comes from another organisation than the connected one.',
  },
  body_too_large: {
    exitCode: EXIT.failed,
    httpStatus: 413,
    retryable: false,
    hint: 'At most 320 KB.',
  },
  unauthorized: {
    exitCode: EXIT.failed,
    httpStatus: 401,
    retryable: false,
    hint: 'Send the gateway key as a bearer token.',
  },
  ledger_keys_differ: refused(
    'If a newer release made the keys, use that release. Otherwise drop this database and create it again, run `lbsync migrate`, and apply each connection file: everything is synced again (docs/changelog.md).',
  ),
  // outside systems
  temporal_unreachable: outside('Check TEMPORAL_ADDRESS and that the server runs.'),
  temporal_namespace_missing: outside(
    'Correct TEMPORAL_NAMESPACE, or create it: `temporal operator namespace create --retention 7d NAME`.',
  ),
  temporal_auth_failed: outside(
    'Check TEMPORAL_API_KEY, or TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH, and that they may work in TEMPORAL_NAMESPACE.',
  ),
  temporal_tls_required: outside('Set TEMPORAL_TLS=true (docs/securing.md#temporal).'),
  temporal_tls_failed: outside(
    'A certificate: its authority must be in TEMPORAL_TLS_SERVER_CA_CERT_PATH or known to the system, and TEMPORAL_TLS_SERVER_NAME in it. No TLS there: correct TEMPORAL_ADDRESS, or set TEMPORAL_TLS=false.',
  ),
  search_attribute_unfit: outside(
    'Of another type: `temporal operator search-attribute remove --name NAME`, and start a worker again, or use a namespace of its own. Missing: `temporal operator search-attribute create --type Keyword --name NAME` (docs/temporal-cli.md#a-server).',
    false,
  ),
  worker_unreachable: outside('Start a worker (`lbsync worker`), and try again.'),
  gateway_unreachable: outside('Start the gateway (`lbsync gateway`), or correct PUBLIC_URL.'),
  database_unreachable: outside('Check DATABASE_URL and that PostgreSQL runs.'),
  database_auth_failed: outside(
    'Check user and password in DATABASE_URL, that the user may log in, and the line of pg_hba.conf for it.',
  ),
  database_missing: outside('Check the database name in DATABASE_URL, or create the database.'),
  database_tls_required: outside(
    'Add sslmode=verify-full to DATABASE_URL (docs/securing.md#postgresql).',
  ),
  database_tls_failed: outside(
    "Check sslmode and sslrootcert in DATABASE_URL: the host's name must be in the certificate, and its authority trusted (docs/securing.md#postgresql).",
  ),
  database_too_many_connections: outside(
    "Tried again by itself. Raise max_connections, or the login's own limit: a worker of all queues takes up to 24 and a gateway up to 10, unless DATABASE_CONNECTIONS says otherwise (docs/operating.md#requirements).",
  ),
  database_login_unfit: outside(
    'Run `lbsync migrate` as the owner, with WORKER_DATABASE_PASSWORD, GATEWAY_DATABASE_PASSWORD and CLI_DATABASE_PASSWORD set, and everything else with the logins that it creates: lbsync_worker, lbsync_gateway, lbsync_cli (docs/securing.md#logins).',
  ),
  database_busy: outside(
    'Tried again by itself. If it stays: somebody holds a lock (`pg_stat_activity`), or the server is too slow.',
  ),
  evidence_unguarded: outside(
    'As the owner: `ALTER TABLE … ENABLE TRIGGER USER`, as after a restore without triggers; if the trigger is gone, create it as src/ledger/db/migrations/0001_ledger.sql does. Find out who took it away (docs/securing.md#logins).',
    false,
  ),
  database_not_migrated: outside('Run `lbsync migrate` first.', false),
  releases_unsupported: outside(
    'Upgrade as docs/operating.md says for such a server, or use Temporal 1.29.1 or newer with `system.enableDeploymentVersions`.',
    false,
  ),
  releases_denied: outside(
    'Let the credentials in TEMPORAL_API_KEY write in the namespace (DescribeWorkerDeployment, SetWorkerDeploymentCurrentVersion), or have somebody who may do so run `temporal worker deployment set-current-version --deployment-name lbsync --build-id ID`.',
    false,
  ),
  emarketeer_unreachable: outside('Check EMARKETEER_SYNC_URL; the sync tries again by itself.'),
  emarketeer_auth_failed: outside('Check EMARKETEER_API_KEY.', false),
  emarketeer_refused: outside('eMarketeer refused the call; see the code it gave.', false),
  emarketeer_rate_limited: outside('eMarketeer asked for a wait; the sync continues by itself.'),
  emarketeer_answer_invalid: outside('eMarketeer answered with something unexpected.'),
  emarketeer_answer_too_large: outside(
    'Nothing of the answer was used. The message names the call and its limit: check what eMarketeer, or a proxy in front of it, answers. The next sweep asks again.',
    false,
  ),
  crm_unreachable: outside('The CRM does not answer; the sync tries again by itself.'),
  crm_auth_failed: outside(
    'Do what the message says; otherwise check the secret, its expiry and the application user.',
    false,
  ),
  crm_privilege_missing: outside(
    'Give the application user the named privilege, or open the named secured column.',
    false,
  ),
  crm_tenant_unavailable: outside(
    'The CRM tenant is in maintenance or not running; the sync waits and continues by itself.',
  ),
  crm_tenant_deleted: outside('The CRM tenant no longer exists. Disable the connection.', false),
  crm_rate_limited: outside('The CRM asked for a wait; the sync continues by itself.'),
  crm_customization_locked: outside(
    'Somebody is customising the organisation; the sync waits and continues by itself.',
  ),
  crm_answer_invalid: outside('The CRM answered with something unexpected.'),
  crm_answer_too_large: outside(
    'Nothing of the answer was used. The message names the call and its limit: check what the CRM, or a proxy in front of it, answers. The next sweep asks again.',
    false,
  ),
  crm_refused: outside('The CRM refused the call; see the code it gave.', false),
  ledger_in_use: refused(
    'Stop every worker and gateway, terminate the workflows that the message counts, wait two minutes, and run it again (docs/ledger.md#restoring-a-backup).',
  ),
  // this machine
  not_provisioned: outside('Do one of the things that the message names, and run again.', false),
  checkout_needed: refused(
    'Clone the sources, and run `npm ci` and the command there: the image holds no stand-ins.',
  ),
  stack_part_ended: {
    exitCode: EXIT.failed,
    httpStatus: 500,
    retryable: true,
    hint: 'Its last words are in the message or above. All other parts have been ended; run it again.',
  },
  interrupted: {
    exitCode: EXIT.interrupted,
    httpStatus: 503,
    retryable: true,
    hint: 'A workflow that was started, or waited for, goes on; everything else has been ended. Run it again.',
  },
  answer_not_written: {
    exitCode: EXIT.failed,
    httpStatus: 500,
    retryable: true,
    hint: 'What was written is not complete, and what the command was to do is done. Make room, or write elsewhere, and look again.',
  },
  // how work ended in Temporal
  timed_out: {
    exitCode: EXIT.failed,
    httpStatus: 500,
    retryable: true,
    hint: 'Check what it waited for (`temporal workflow describe`), and start it again.',
  },
  work_cancelled: {
    exitCode: EXIT.failed,
    httpStatus: 409,
    retryable: false,
    hint: 'Somebody cancelled it in Temporal; start it again.',
  },
  work_terminated: {
    exitCode: EXIT.failed,
    httpStatus: 409,
    retryable: false,
    hint: 'Somebody terminated it in Temporal; start it again.',
  },
  // ours
  lease_lost: {
    exitCode: EXIT.failed,
    httpStatus: 500,
    retryable: true,
    hint: 'Another pass took over these contacts; it is tried again.',
  },
  setup_aborted: {
    exitCode: EXIT.failed,
    httpStatus: 409,
    retryable: false,
    hint: 'Apply the connection again to run set-up again; steps that are done pass immediately.',
  },
  deadline_reached: {
    exitCode: EXIT.incomplete,
    httpStatus: 200,
    retryable: false,
    hint: 'Fix what was in the way, and start it again with a later deadline.',
  },
  pre_send_incomplete: {
    exitCode: EXIT.incomplete,
    httpStatus: 200,
    retryable: false,
    hint: 'Some contacts could not be verified and are not on the list.',
  },
  pre_send_aborted: {
    exitCode: EXIT.incomplete,
    httpStatus: 200,
    retryable: false,
    hint: 'There is no list.',
  },
  internal: {
    exitCode: EXIT.failed,
    httpStatus: 500,
    retryable: true,
    hint: 'A fault of the product; report it with the workflow id.',
  },
} as const satisfies Record<string, ErrorKind>

/** A stable error code. */
export type ErrorCode = keyof typeof ERROR_CATALOGUE

/** Whether a text is a code of the catalogue. A failure's type may be any text. */
export function isErrorCode(type: unknown): type is ErrorCode {
  return typeof type === 'string' && Object.hasOwn(ERROR_CATALOGUE, type)
}
