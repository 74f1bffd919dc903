/**
 * Records the histories that test/replay replays on the workflows. Run it after a workflow changes before its release;
 * once released, a change that fails replay needs a patch marker instead (docs/temporal-cli.md).
 *
 * Usage: node scripts/record-histories.mjs [prefixes of scenario names; default all]
 */
import { tsImport } from 'tsx/esm/api'

const { recordHistories } = await tsImport('../test/replay/record.ts', import.meta.url)
const files = await recordHistories(process.argv.length > 2 ? process.argv.slice(2) : [''])
process.stdout.write(`Recorded ${files.length} histories in test/replay/histories\n`)
