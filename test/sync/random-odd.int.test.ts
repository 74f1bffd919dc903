import { keepsEveryOptOut } from './support/random-suite.js'

// In two files, so that two processes share them.
keepsEveryOptOut([1, 3, 5, 7, 9, 11, 13, 15, 17, 19])
