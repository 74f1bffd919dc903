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
    ignores: ['src/http/answers.ts', 'src/crm/**/{basis-mapping,config,cursor,facts}.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        OWN_MEMBERS,
        ...SQL_ELSEWHERE,
        {
          selector:
            "MemberExpression[object.name='z'][property.name=/^(object|looseObject|strictObject)$/]",
          message: 'An answer is made of `part`s by `answer`, which registers it.',
        },
        {
          selector: 'MemberExpression[property.name=/^(safeParse|parseAsync|safeParseAsync)$/]',
          message:
            'An answer is read by `http.json`, `readRecords`, `readValue` or `readSmallText`.',
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
