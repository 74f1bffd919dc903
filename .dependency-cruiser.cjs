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
      from: { path: '^src/sync' },
      to: { path: '^src/(activities|workflows|gateway|cli|workers)|^node_modules/@temporalio' },
    },
    {
      name: 'sync-knows-no-single-crm',
      severity: 'error',
      from: { path: '^src/(sync|activities|workflows|gateway|domain|contracts|ledger)' },
      to: { path: '^src/crm/(dynamics|superoffice)' },
    },
    {
      name: 'adapters-know-no-ledger',
      severity: 'error',
      from: { path: '^src/(crm|emarketeer)' },
      to: { path: '^src/(ledger|sync|activities|workflows|gateway|cli|workers)' },
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
