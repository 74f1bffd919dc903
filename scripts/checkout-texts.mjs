import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'

/**
 * The files of the checkout that are committed or could be, with their text.
 * @param {string} root of the checkout.
 * @param {{ under?: readonly string[], kinds?: RegExp }} only files and folders in git's form; the pattern of a name.
 * @returns {readonly { file: string, text: string }[]} paths from the root.
 */
export function checkoutTexts(root, { under = [], kinds = /./ } = {}) {
  const listed = execFileSync('git', ['ls-files', '-coz', '--exclude-standard', ...under], {
    cwd: root,
    encoding: 'utf8',
  })
  return (
    listed
      .split('\0')
      .filter((file) => file !== '' && kinds.test(file))
      // Git also lists a file whose deletion is not committed.
      .filter((file) => statSync(path.join(root, file), { throwIfNoEntry: false })?.isFile())
      .map((file) => ({ file, text: readFileSync(path.join(root, file), 'utf8') }))
  )
}
