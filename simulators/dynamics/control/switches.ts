import { json } from '../../common/http-server.js'
import { ServiceError } from '../errors.js'
import { dropColumn } from '../metadata/change-definitions.js'
import { isObject } from '../metadata/check-definition.js'
import { stableGuid } from '../organisation.js'
import type { Depth } from '../privilege-book.js'
import type { Json, JsonObject, Table } from '../store/schema.js'
import { seedRow } from '../store/seed-row.js'
import { contextOf, type ControlRoute, type ControlTargets } from './control-call.js'

type Switch = (targets: ControlTargets, value: Json) => void

/** `POST switches {name: value, …}`: acts of administrators, and outages. */
export const switchControls: ControlRoute = (call) => {
  if (call.segments[0] !== 'switches' || call.method !== 'POST') {
    return undefined
  }
  for (const [name, value] of Object.entries(call.body)) {
    const turn = SWITCHES[name]
    if (turn === undefined) {
      throw new ServiceError(400, 'noSwitch', `There is no switch ${name}.`)
    }
    turn(call.targets, value)
  }
  return json(200, { done: Object.keys(call.body) })
}

const SWITCHES: Readonly<Record<string, Switch>> = {
  revokeTokens: ({ tokens }) => tokens.revokeAll(),
  expireDeltas: ({ org }, value) => {
    const tables =
      typeof value === 'string' ? [org.store.table(value)] : [...org.store.tables.values()]
    tables.forEach((table) => org.store.expireTokens(table))
  },
  clockSkewMs: ({ org }, value) => org.clock.setSkewMs(Number(value)),
  holdLockMs: ({ org }, value) => org.lock.hold(Number(value)),
  pace: ({ org }, value) => {
    org.pace.factor = Number(value)
  },
  releaseLock: ({ org }) => org.lock.release(),
  removePrivileges: ({ org }, value) =>
    listOf(value).forEach((name) => org.privileges.remove(name)),
  grantPrivileges: ({ org }, value) => listOf(value).forEach((name) => org.privileges.grant(name)),
  privilegeDepth: ({ org }, value) => {
    const { name, depth } = fields(value)
    org.privileges.grant(String(name), String(depth) as Depth)
  },
  dropColumn: (targets, value) => {
    const { table: name, column: columnName } = fields(value)
    const table = tableOf(targets, name)
    const column = table.columns.get(String(columnName))
    if (column === undefined) {
      throw new ServiceError(404, 'noColumn', 'There is no such column.')
    }
    dropColumn(contextOf(targets, ''), table, column)
  },
  quietDelta: ({ org }, value) => {
    org.quietDelta = value === 'empty' ? 'empty' : 'whole'
  },
  secureColumn: (targets, value) => secureColumn(targets, fields(value)),
  limits: ({ protection }, value) => protection.setLimits(fields(value)),
  secret: ({ secrets }, value) => {
    const { clientId, secret } = fields(value)
    secrets.set(String(clientId), String(secret))
  },
  removeApplicationUser: ({ org }, value) => {
    org.applicationUsers.delete(String(value))
  },
  audit: (targets, value) => {
    const { organization, table, enabled, column } = fields(value)
    const { store } = targets.org
    if (organization !== undefined) {
      const owner = store.table('organization')
      const row = store.rows(owner).get(targets.org.organizationId)
      if (row !== undefined) {
        store.update(owner, row, { ...row.values, isauditenabled: organization })
      }
    }
    if (table !== undefined) {
      const owner = tableOf(targets, table)
      const one = owner.columns.get(String(column))
      if (one === undefined) {
        owner.auditEnabled = enabled === true
      } else {
        one.auditEnabled = enabled === true
      }
    }
  },
  webhooks: ({ webhooks }, value) => {
    Object.assign(webhooks.faults, fields(value))
    webhooks.pump()
  },
}

/** `secured: false` ends it; otherwise the application user gets the given permissions, by default none. */
function secureColumn(targets: ControlTargets, given: JsonObject): void {
  const table = tableOf(targets, given['table'])
  const column = table.columns.get(String(given['column']))
  if (column === undefined) {
    throw new ServiceError(404, 'noColumn', 'There is no such column.')
  }
  const rules = targets.org.store.rows('attributemaskingrule')
  const ruleId = stableGuid(`mask ${table.logicalName}.${column.logicalName}`)
  const rule = rules.get(ruleId)
  if (rule !== undefined) {
    targets.org.store.delete(targets.org.store.table('attributemaskingrule'), rule)
  }
  if (given['secured'] === false) {
    delete column.security
    return
  }
  const mask = typeof given['mask'] === 'string' ? given['mask'] : null
  column.security = {
    read: given['read'] === true,
    update: given['update'] === true,
    create: given['create'] === true,
    hiddenAs: given['hiddenAs'] === 'null' ? 'null' : 'absent',
    mask,
  }
  if (mask !== null) {
    seedRow(targets.org, 'attributemaskingrule', ruleId, {
      entityname: table.logicalName,
      attributelogicalname: column.logicalName,
    })
  }
}

function listOf(value: Json): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [String(value)]
}

function fields(value: Json): JsonObject {
  if (!isObject(value)) {
    throw new ServiceError(400, 'badControl', 'This switch takes an object.')
  }
  return value
}

function tableOf(targets: ControlTargets, name: Json | undefined): Table {
  const table = targets.org.store.tables.get(String(name))
  if (table === undefined) {
    throw new ServiceError(404, 'noTable', 'There is no such table.')
  }
  return table
}
