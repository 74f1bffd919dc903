import { AppError } from '../../contracts/app-error.js'

/** Who does something, and why: kept as evidence. */
export interface Words {
  readonly reason: string
  readonly by: string
}

/** @throws AppError `value_missing` where one of them is empty. */
export function requireWords({ reason, by }: Words): void {
  const empty = Object.entries({ reason, by }).find(([, text]) => text.trim() === '')
  if (empty) {
    throw new AppError('value_missing', `--${empty[0]} is empty.`, { path: `--${empty[0]}` })
  }
}
