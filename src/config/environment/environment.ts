import type { z } from 'zod'
import {
  type Environment,
  type EnvironmentSection,
  type Variables,
  commonSchema,
  SECTION_SCHEMAS,
} from './sections.js'
import { describeSecret, variableOf } from './variable.js'
import { throwProblems, type Problem } from '../../contracts/problems.js'

/**
 * Reads and checks the environment, once at the start of a process. One error lists all faults.
 * @throws ProblemsError `environment_invalid`: each problem names the variable and the fault, and describes its value
 * by length, first and last character, which reveal a quotation mark or a truncation.
 */
export function readEnvironment<Section extends EnvironmentSection>(
  sections: readonly Section[],
  variables: Variables = process.env,
): Environment<Section> {
  const given = onlyWhatIsRead(variables)
  const problems: Problem[] = []
  const common = parse(commonSchema, given, problems)
  const parts = sections.map((section) => [
    section,
    parse(SECTION_SCHEMAS[section](common?.allowLoopbackHttp ?? false), given, problems),
  ])
  throwProblems(withoutRepeats(problems))
  return { ...common, ...Object.fromEntries(parts) } as Environment<Section>
}

/** Parses one section. @returns undefined if it is invalid; the problems are then in `problems`. */
function parse<Value>(
  schema: z.ZodType<Value>,
  variables: Variables,
  problems: Problem[],
): Value | undefined {
  const result = schema.safeParse(variables)
  for (const { path, message } of result.error?.issues ?? []) {
    const name = String(path[0])
    const value = path.length > 0 ? variables[name] : undefined
    const what = value === undefined && path.length > 0 ? 'is not set' : message
    problems.push({
      code: 'environment_invalid',
      message: `${name} ${what}.`,
      path: name,
      value: value === undefined ? null : describeSecret(value),
    })
  }
  return result.data
}

/** Reads through {@link variableOf}, so that white space is reported only for variables that are read. */
function onlyWhatIsRead(variables: Variables): Variables {
  return new Proxy(variables, {
    get: (target, name) => (typeof name === 'string' ? variableOf(target, name) : undefined),
  })
}

/** Lists a fault of EMARKETEER_API_KEY once, although two sections have this variable. */
function withoutRepeats(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [problem.path, problem])).values()]
}
