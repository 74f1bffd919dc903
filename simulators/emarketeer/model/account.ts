import { ContactBook } from './contacts.js'
import { Feed } from './feed.js'
import type { ChangeType } from './feed.js'

/** A subscription category; ids are never used again. */
export interface Category {
  readonly id: string
  name: string
  readonly createdAtMs: number
  updatedAtMs: number
  archived: boolean
  /** Fault switch: hidden as if it had never existed. */
  vanished: boolean
}

/** The recipients of a component. */
export type Target =
  | { readonly all: true }
  | { readonly contactIds: readonly string[] }
  | { readonly emails: readonly string[] }
  | { readonly everyNth: number; readonly offset: number }

/** A component of a campaign: its content, and its recipients. */
export interface Component {
  readonly campaignId: string
  readonly componentId: string
  readonly channel: 'email' | 'sms'
  readonly categoryId: string | null
  readonly transactional: boolean
  readonly target: Target
}

/** The fixed members of one sendout. */
export interface Audience {
  readonly audienceId: string
  readonly sendoutId: string
  readonly component: Component
  readonly fixedAtMs: number
  expiresAtMs: number
  /** Fixed with the audience, in order. */
  readonly members: readonly { id: number; email: string | null; mobile: string | null }[]
}

/** The account's webhook; the first secret is the current one. */
export interface WebhookState {
  readonly url: string
  readonly events: readonly ChangeType[]
  secrets: { readonly secret: string; readonly untilMs: number | null }[]
  status: 'active' | 'disabled'
  readonly createdAtMs: number
}

export interface AccountOptions {
  readonly accountId: string
  readonly name?: string | undefined
  readonly publicApiKey?: string | undefined
  /** A service key for this account alone, beside the stand-in's own. */
  readonly serviceKey?: string | undefined
  readonly requirePositiveConsent?: boolean | undefined
  readonly egress?: { ips: string[]; proxyUrl: string | null } | undefined
  readonly categories?: readonly { id?: string | undefined; name: string }[] | undefined
}

/** The complete state of one eMarketeer account. */
export class Account {
  readonly contacts = new ContactBook()
  readonly categories = new Map<string, Category>()
  readonly components = new Map<string, Component>()
  readonly audiences = new Map<string, Audience>()
  readonly feed: Feed
  readonly accountId: string
  readonly publicApiKey: string
  readonly serviceKey: string | null
  name: string
  requirePositiveConsent: boolean
  egress: { ips: string[]; proxyUrl: string | null }
  updatedAtMs: number
  webhook: WebhookState | null = null
  /** Cursors made before this many expiries are expired. */
  cursorGeneration = 0
  /** Fault switch: from `<address>|<purpose>` to the text that is shown as legal basis. */
  readonly shownBasis = new Map<string, string>()

  constructor(
    options: AccountOptions,
    readonly now: () => number,
  ) {
    this.accountId = options.accountId
    this.name = options.name ?? `Account ${options.accountId}`
    this.publicApiKey = options.publicApiKey ?? `public-${options.accountId}`
    this.serviceKey = options.serviceKey ?? null
    this.requirePositiveConsent = options.requirePositiveConsent ?? true
    this.egress = options.egress ?? { ips: ['192.0.2.10'], proxyUrl: null }
    this.updatedAtMs = now()
    this.feed = new Feed(now)
    for (const { id, name } of options.categories ?? []) {
      this.addCategory(name, id)
    }
  }

  /** Does not add a change to the feed; `lifecycle.createCategory` does. */
  addCategory(name: string, wantedId?: string): Category {
    const id = wantedId ?? `c${this.categories.size + 1}`
    if (this.categories.has(id)) {
      throw new Error(`category ${id} exists`)
    }
    const at = this.now()
    const category = {
      id,
      name,
      createdAtMs: at,
      updatedAtMs: at,
      archived: false,
      vanished: false,
    }
    this.categories.set(id, category)
    return category
  }

  /** Categories that a state shows. */
  liveCategories(): Category[] {
    return [...this.categories.values()].filter((it) => !it.archived && !it.vanished)
  }
}
