import { fileURLToPath } from 'node:url'

/** Root of the checkout, with a trailing slash; right both under `src/` and compiled under `dist/`. */
export const checkoutRoot: string = fileURLToPath(new URL('../../', import.meta.url))

/** Where fetched tools are kept: inside the checkout, ignored by git, safe to delete at any time. */
export const cacheDir: string = `${checkoutRoot}.cache`
