import { keepsEveryOptOut } from './support/random-suite.js'

// In two files, so that two processes share them.
keepsEveryOptOut([2, 4, 6, 8, 10, 12, 14, 16, 18, 20])
