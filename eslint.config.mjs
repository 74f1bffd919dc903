import tseslint from 'typescript-eslint'

const SQL_ELSEWHERE = [
  {
    selector:
      "CallExpression[callee.property.name='query'] > Literal[value=/^\\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\\b/i]",
    message: 'SQL stands in src/ledger only.',
  },
  {
    selector: "CallExpression[callee.property.name='query'][arguments.0.type='TemplateLiteral']",
    message: 'SQL stands in src/ledger only.',
  },
]

/** Every way to a parser of one's own in place of `answer` and `part`: another name for `z`, or JSON that is only cast. */
const OWN_ANSWERS = [
  {
    selector:
      "MemberExpression[object.name='z'][property.name=/^(object|looseObject|strictObject)$/]",
    message: 'An answer is made of `part`s by `answer`, which registers it.',
  },
  {
    selector:
      ':matches(ImportDeclaration[source.value=/^zod/] > :matches(ImportNamespaceSpecifier, ImportDefaultSpecifier,' +
      " ImportSpecifier[local.name!='z'], ImportSpecifier[imported.name!='z'])," +
      " :not(ImportSpecifier, MemberExpression, TSQualifiedName) > Identifier[name='z']," +
      " MemberExpression[object.name='z'][computed=true])",
    message: '`z` is used under its own name, as `z.something`, so that lint sees what is made.',
  },
  {
    selector: 'MemberExpression[property.name=/^(safeParse|parseAsync|safeParseAsync)$/]',
    message: 'An answer is read by `http.json`, `readRecords`, `readValue` or `readSmallText`.',
  },
]

const OWN_JSON = {
  selector:
    ":matches(MemberExpression[object.name='JSON'][property.name='parse'], AwaitExpression > CallExpression[arguments.length=0][callee.property.name='json'])",
  message: 'JSON from outside is parsed by `parseJson`, within its limits.',
}

const OWN_MEMBERS = {
  selector:
    ':matches(PropertyDefinition, MethodDefinition[kind!="constructor"])[accessibility="private"]',
  message:
    'A class’s own member is `#name`; `private` is for a constructor and its parameters only.',
}

/** Floating promises matter most in workflow code; exhaustive switches keep the vocabulary closed. */
export default tseslint.config(
  { ignores: ['node_modules/', 'dist/', '.cache/', 'coverage/'] },
  ...tseslint.configs.recommended,
  {
    files: [
      'src/**/*.ts',
      'dev/**/*.ts',
      'demo/**/*.ts',
      'simulators/**/*.ts',
      'test/**/*.ts',
      'bench/**/*.ts',
      'simulation/**/*.ts',
    ],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      curly: ['error', 'all'],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['{src,dev,demo,bench,simulators}/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', OWN_MEMBERS],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/ledger/**'],
    rules: {
      'no-restricted-syntax': ['error', OWN_MEMBERS, ...SQL_ELSEWHERE],
    },
  },
  {
    // What comes from outside is read by registered schemas alone (docs/architecture.md, "Tolerant reading"). Left out is
    // what we wrote ourselves: configuration, facts, cursors.
    files: ['src/http/**/*.ts', 'src/crm/**/*.ts', 'src/emarketeer/**/*.ts'],
    ignores: [
      'src/http/{answers,parse-json}.ts',
      'src/crm/**/{basis-mapping,config,cursor,facts}.ts',
    ],
    rules: {
      'no-restricted-syntax': ['error', OWN_MEMBERS, ...SQL_ELSEWHERE, ...OWN_ANSWERS, OWN_JSON],
    },
  },
  {
    files: ['src/gateway/{api,hooks}/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', OWN_MEMBERS, ...SQL_ELSEWHERE, OWN_JSON] },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/{config,crm,emarketeer,http}/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['zod', 'zod/*'],
              message: 'A schema of an answer stands where it is asked for.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['src/workflows/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: ['node:*', 'pino', 'zod', 'got', 'pg', '@temporalio/activity'] },
      ],
    },
  },
)
