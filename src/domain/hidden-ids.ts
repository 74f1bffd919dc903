/** Category of a row whose category the CRM hides: it may be any. No category has an empty id. */
export const UNKNOWN_CATEGORY = ''

/** Contact of a row whose contact the CRM hides: it may be anybody. No contact has an empty id. */
export const UNKNOWN_CONTACT = ''
