/** Runs a program of the checkout, a stand-in say, by its first file, with the arguments that follow it. */
import { runProgram } from './kept-programs.mjs'

const [entry] = process.argv.splice(2, 1)
await runProgram(entry)
