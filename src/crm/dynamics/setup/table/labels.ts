/** Labels in the organisation's base language; others are refused where they are not provisioned (16.2). */

/** A label as definitions take it. */
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

/** Makes labels of one language. */
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
