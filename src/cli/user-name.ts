import { userInfo } from 'node:os'

/** The operating system's name of whoever runs the command; evidence that nobody has to type. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    return 'unknown' // A container may run under a number that has no name.
  }
}
