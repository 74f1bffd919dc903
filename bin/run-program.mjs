/** Runs a program of the checkout, such as a stand-in, by its entry file, with the arguments that follow it. */
import { runProgram } from './kept-programs.mjs'

const [entry] = process.argv.splice(2, 1)
await runProgram(entry)
