/** The directions of docs/architecture.md: domain <- contracts <- workflows; adapters meet only in sync. */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Types may refer to each other; code that runs may not.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      from: { path: '^src/domain' },
      to: { pathNot: '^src/domain|^node_modules/(@types/)?tr46' },
    },
    {
      name: 'contracts-know-only-domain',
      severity: 'error',
      from: { path: '^src/contracts' },
      to: { pathNot: '^src/(domain|contracts)|^node_modules/@temporalio/common' },
    },
    {
      name: 'workflows-do-no-io',
      severity: 'error',
      from: { path: '^src/workflows' },
      to: {
        pathNot: '^src/(domain|contracts|workflows)|^node_modules/@temporalio/(workflow|common)',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'workflows-see-activities-as-types-only',
      severity: 'error',
      from: { path: '^src/workflows' },
      to: { path: '^src/activities', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'sync-knows-no-transport-or-temporal',
      severity: 'error',
      from: { path: '^src/(connection|sync)' },
      to: { path: '^src/(activities|workflows|gateway|cli|workers)|^node_modules/@temporalio' },
    },
    {
      name: 'connection-is-below-sync',
      comment: 'Who only opens, guards or shows a connection drags no sync along.',
      severity: 'error',
      from: { path: '^src/connection' },
      to: { path: '^src/sync' },
    },
    {
      name: 'view-and-mirror-stand-alone',
      comment:
        'What our copy says, and what brings it up to date: neither decides or writes outside.',
      severity: 'error',
      from: { path: '^src/sync/(view|mirror)/' },
      to: { path: '^src/sync/', pathNot: '^src/sync/$1/' },
    },
    {
      name: 'pass-knows-no-run',
      comment: 'A pass does not know who asked for it.',
      severity: 'error',
      from: { path: '^src/sync/pass/' },
      to: { path: '^src/sync/(run|sendout)/' },
    },
    {
      name: 'run-knows-no-sendout',
      severity: 'error',
      from: { path: '^src/sync/run/' },
      to: { path: '^src/sync/sendout/' },
    },
    {
      name: 'ledger-knows-only-what-it-stores',
      severity: 'error',
      from: { path: '^src/ledger' },
      to: { path: '^src/(connection|emarketeer|http|config|telemetry|client)' },
    },
    {
      name: 'ledger-rooms-meet-in-the-copy-only',
      comment: 'Each table room stands on db; the copy alone also marks addresses due.',
      severity: 'error',
      from: { path: '^src/ledger/([^/]+)/', pathNot: '^src/ledger/copy/' },
      to: { path: '^src/ledger/', pathNot: '^src/ledger/($1|db)/' },
    },
    {
      name: 'copy-knows-addresses-and-db',
      severity: 'error',
      from: { path: '^src/ledger/copy/' },
      to: { path: '^src/ledger/', pathNot: '^src/ledger/(copy|address|db)/' },
    },
    {
      name: 'sync-knows-no-single-crm',
      severity: 'error',
      from: { path: '^src/(connection|sync|activities|workflows|gateway|domain|contracts|ledger)' },
      to: { path: '^src/crm/(dynamics|superoffice)' },
    },
    {
      name: 'adapters-know-no-ledger',
      severity: 'error',
      from: { path: '^src/(crm|emarketeer)' },
      to: { path: '^src/(ledger|connection|sync|activities|workflows|gateway|cli|workers)' },
    },
    {
      name: 'a-crm-knows-no-other-crm',
      severity: 'error',
      from: { path: '^src/crm/([^/]+)/' },
      to: { path: '^src/crm/[^/]+/', pathNot: '^src/crm/$1/' },
    },
    {
      name: 'simulators-stand-alone',
      severity: 'error',
      from: { path: '^simulators' },
      to: { path: '^src' },
    },
    {
      name: 'src-knows-no-simulator',
      severity: 'error',
      from: { path: '^src' },
      to: { path: '^(simulators|test|bench)' },
    },
    {
      name: 'activities-are-called-by-workers-only',
      severity: 'error',
      from: { path: '^src/(domain|contracts|crm|emarketeer|ledger|gateway|telemetry|config)' },
      to: { path: '^src/(activities|workers|cli)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node'] },
  },
}
