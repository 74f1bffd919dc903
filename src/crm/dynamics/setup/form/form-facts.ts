import { z } from 'zod'

/** What set-up learned of the form with our section. */
export const formFacts = z.object({
  formId: z.string(),
  /** Support named it (`useForm`): it is taken again without asking. */
  chosen: z.boolean(),
  /** Id or name of the tab that Support named or had made; null: the Details tab as found. */
  tab: z.string().nullable(),
})

/** Facts about the form with our section. */
export type FormFacts = z.output<typeof formFacts>
