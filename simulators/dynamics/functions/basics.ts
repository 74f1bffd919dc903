import { odata } from '../http/api-request.js'
import type { Operation } from '../http/operations.js'
import { mergeFromBody } from '../data/merge.js'
import { noContent } from '../http/api-request.js'

/** WhoAmI, languages and Merge (wire page, sections 5, 12 and 16.2). */
export const basicOperations: Readonly<Record<string, Operation>> = {
  WhoAmI: {
    method: 'GET',
    run: ({ context }) =>
      odata({
        '@odata.context': `${context.root}$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse`,
        BusinessUnitId: context.org.businessUnitId,
        UserId: context.userId,
        OrganizationId: context.org.organizationId,
      }),
  },
  RetrieveAvailableLanguages: {
    method: 'GET',
    run: ({ context }) =>
      odata({
        '@odata.context': `${context.root}$metadata#Microsoft.Dynamics.CRM.RetrieveAvailableLanguagesResponse`,
        LocaleIds: context.org.options.languages,
      }),
  },
  RetrieveProvisionedLanguages: {
    method: 'GET',
    run: ({ context }) =>
      odata({
        '@odata.context': `${context.root}$metadata#Microsoft.Dynamics.CRM.RetrieveProvisionedLanguagesResponse`,
        RetrieveProvisionedLanguages: context.org.options.languages,
      }),
  },
  Merge: {
    method: 'POST',
    run: ({ context, body }) => {
      mergeFromBody(context, body)
      return noContent()
    },
  },
}
