/** Labels in the organisation's base language. A language that is not provisioned is refused (16.2). */

/** A label in the format of Dataverse definitions. */
export interface Label {
  readonly '@odata.type': 'Microsoft.Dynamics.CRM.Label'
  readonly LocalizedLabels: readonly [
    {
      readonly '@odata.type': 'Microsoft.Dynamics.CRM.LocalizedLabel'
      readonly Label: string
      readonly LanguageCode: number
    },
  ]
}

/** Returns a function that creates labels in one language. */
export function labelIn(languageCode: number): (text: string) => Label {
  return (text) => ({
    '@odata.type': 'Microsoft.Dynamics.CRM.Label',
    LocalizedLabels: [
      {
        '@odata.type': 'Microsoft.Dynamics.CRM.LocalizedLabel',
        Label: text,
        LanguageCode: languageCode,
      },
    ],
  })
}
