import { z } from 'zod'

/** What set-up learned of the view that the sub-grid shows. */
export const viewFacts = z.object({
  viewId: z.string(),
  /** Support named it (`useView`): it is somebody else's, and never deleted by us. */
  chosen: z.boolean(),
})

/** Facts about the view that the sub-grid shows. */
export type ViewFacts = z.output<typeof viewFacts>
