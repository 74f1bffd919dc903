import { describe, expect, it } from '@jest/globals'
import { preSend } from './support/pre-send.js'
import type { RichPerson } from './support/rich-person.js'
import { withRichWorld } from './support/rich-world.js'
import { twistCrm, twistEmarketeer } from './support/twists.js'
import type { Twist, World } from './support/world.js'

const world = withRichWorld()
const asWorld = () => world.now as unknown as World

/** The outcomes of the CRM's writes, from the evidence. */
async function crmOutcomes(email: string): Promise<string[]> {
  const rows = await world.now.db.query<{ outcome: string }>(
    `SELECT o.outcome FROM consent_event_outcomes o JOIN consent_events e USING (event_id)
      JOIN addresses a USING (address_id) WHERE o.side = 'crm' AND a.address = $1 ORDER BY o.recorded_at`,
    [email],
  )
  return rows.map((row) => row.outcome)
}

describe('a user acts between our reading and our write', () => {
  it('and a withdrawal that lies under our write is found immediately (R0)', async () => {
    const person = await world.now.linked()
    await person.acts('contract')
    world.now.crm.switches.beforeWrite = () => person.sets('withdrawn')
    await world.now.pass(person.email)
    expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
    expect((await person.events()).map((event) => event.line)).toEqual(['R4', 'R0'])
    expect(await crmOutcomes(person.email)).toEqual(['overtaken', 'applied'])
  })

  it('is never mailed before that, and the gate says so', async () => {
    const person = await world.now.linked()
    await person.acts('contract')
    world.now.crm.switches.beforeWrite = () => person.sets('withdrawn')
    const sent = await preSend(asWorld(), { contactIds: [person.contactId], crm: 'toy' })
    expect(sent.verdicts[person.contactId]).toBe('consentWithdrawn')
  })

  it('and what comes after our write counts as theirs', async () => {
    const person = await world.now.linked()
    await person.acts('contract')
    world.now.crm.switches.afterWrite = () => person.sets('withdrawn')
    await world.now.pass(person.email)
    expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
    expect(await crmOutcomes(person.email)).toEqual(['overtaken'])
  })
})

describe('a write without an answer', () => {
  it('that lands over a later withdrawal is doubted, and withdrawn', async () => {
    const person = await world.now.linked()
    await person.actsAndIsWrittenLate('contract')
    person.sets('withdrawn')
    world.now.crm.land()
    const sent = await preSend(asWorld(), { contactIds: [person.contactId], crm: 'toy' })
    expect(sent.verdicts[person.contactId]).toBe('consentWithdrawn')
    await world.now.timePasses()
    await world.now.sweep()
    expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
  })

  it('that lands in peace is ours, and nobody is withdrawn for it', async () => {
    const person = await world.now.linked()
    await person.actsAndIsWrittenLate('contract')
    world.now.crm.land()
    await world.now.timePasses()
    await world.now.sweep()
    expect(await person.state()).toEqual({ e: 'contract', d: ['contract'] })
  })
})

describe('a contact of eMarketeer that is deleted and created again', () => {
  it('does not take over an older consent beside a deny that was read, and left before it was written', async () => {
    const person = await world.now.linked({ rows: ['consent', 'consent'] })
    person.sets('withdrawn', 0)
    await world.now.pass(person.email, diesBeforeWriting).catch(() => undefined)
    person.deleted(0)
    await deletedAndMissed(person)
    await person.createInEmarketeer()
    await world.now.timePasses()
    await world.now.sweep()
    expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
  })

  it('still doubts a write of ours that was under way, and lands over a later withdrawal (R0)', async () => {
    const person = await world.now.linked()
    await person.actsAndIsWrittenLate('contract')
    await deletedAndMissed(person)
    await person.createInEmarketeer()
    await person.acts('contract')
    person.sets('withdrawn')
    world.now.crm.land()
    await world.now.timePasses()
    await world.now.sweep()
    expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
  })
})

describe('a card that is saved again', () => {
  it('is nobody’s act, and takes nothing away', async () => {
    const person = await world.now.linked({ basis: 'legitimateInterest' })
    world.now.crm.saveAgain(person.ids[0]!, 'marketingSendouts')
    await world.now.sweep()
    expect(await person.state()).toEqual({ e: 'legitimateInterest', d: ['legitimateInterest'] })
  })

  it('over a late write of ours puts no person’s name to it', async () => {
    const person = await world.now.linked()
    await person.actsAndIsWrittenLate('contract')
    person.sets('withdrawn')
    await world.now.pass(person.email)
    expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
    world.now.crm.land()
    world.now.crm.saveAgain(person.ids[0]!, 'marketingSendouts')
    const sent = await preSend(asWorld(), { contactIds: [person.contactId], crm: 'toy' })
    expect(sent.verdicts[person.contactId]).toBe('consentWithdrawn')
    await world.now.timePasses()
    await world.now.sweep()
    expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
    // Their next act counts.
    person.sets('consent')
    await world.now.sweep()
    expect(await person.state()).toEqual({ e: 'consent', d: ['consent'] })
  })
})

describe('a clock that is off', () => {
  it('by an hour proves nothing: without a version the restrictive value wins, and status reports it', async () => {
    const person = await world.now.person({ basis: 'withdrawn', rows: [] })
    world.now.crm.switches.clockSkewMs = 3_600_000
    person.join('consent')
    await world.now.sweep()
    expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
    const [row] = await world.now.db.query(`SELECT crm_clock_offset_ms AS ms FROM connections`)
    expect(row).toEqual({ ms: 3_600_000 })
    world.now.crm.switches.clockSkewMs = 0
  })
})

describe('a restored ledger', () => {
  it('doubts a row that we wrote last and of which it knows nothing, and no other', async () => {
    const ours = await world.now.linked({ basis: 'contract', rows: ['none'] })
    const theirs = await world.now.linked({ basis: 'contract' })
    await forget([ours.email, theirs.email])
    await world.now.timePasses()
    await world.now.sweep()
    expect(await ours.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
    expect(await theirs.state()).toEqual({ e: 'contract', d: ['contract'] })
  })

  it('takes nothing from a person who later changes address', async () => {
    const before = await world.now.linked({ basis: 'contract', rows: ['none'] })
    const after = await world.now.linked({ basis: 'contract', rows: [] })
    world.now.crm.persons.get(before.ids[0]!)!.emails = [after.email]
    await world.now.walkIsDue()
    await world.now.sweep()
    await world.now.sweep()
    expect(await after.state()).toMatchObject({ e: 'contract' })
    expect(world.now.crm.value(before.ids[0]!)).toBe('contract')
  })
})

/** Removes what a copy from before these cells were linked would not know, and raises the epoch, as after a restore. */
async function forget(emails: readonly string[]): Promise<void> {
  const { db } = world.now
  await db.query(
    `UPDATE cells SET seen = NULL WHERE address_id IN (SELECT address_id FROM addresses WHERE address = ANY($1))`,
    [emails],
  )
  await db.query(
    `UPDATE addresses SET dirty_tick = nextval('ledger_tick') WHERE address = ANY($1)`,
    [emails],
  )
  await db.query(`UPDATE connections SET epoch = epoch + 1`)
}

/** A pass that stores its decision, and dies before it writes. */
const diesBeforeWriting: Twist = (session) => {
  const dies = () => Promise.reject(new Error('the process died'))
  return twistCrm(twistEmarketeer(session, 'writeStates', dies), 'write', dies)
}

/** Deletes the person's contact, and lets a sweep find that. */
async function deletedAndMissed({ contactId }: RichPerson): Promise<void> {
  await world.now.emarketeer.post('accounts/1001/delete-contacts', { contactIds: [contactId] })
  await world.now.timePasses()
  await world.now.sweep()
}
