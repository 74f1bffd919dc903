/**
 * Explores the reconciliation rule exhaustively (docs/reconciliation.md): `npm run model -- [acts] [--all] [--slow]
 * [--variant NAME]`, for example `npm run model -- 3 --variant toggle`. One line a variant; exits 1 if one is
 * unexpected.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../test/model/main.ts', import.meta.url))
const { status } = spawnSync(
  process.execPath,
  ['--import', 'tsx', main, ...process.argv.slice(2)],
  {
    stdio: 'inherit',
  },
)
process.exit(status ?? 1)
