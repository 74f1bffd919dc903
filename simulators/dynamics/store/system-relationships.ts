import { randomUUID } from 'node:crypto'
import type { Relationship } from './schema.js'

/** Collections of system tables that clients read or that deletes must respect. */
export function systemRelationships(): readonly Relationship[] {
  const make = (
    schemaName: string,
    referenced: string,
    referencing: string,
    referencingColumn: string,
    cascadeDelete: Relationship['cascadeDelete'],
    referencingNavigation = referencingColumn,
  ): Relationship => ({
    schemaName,
    metadataId: randomUUID(),
    referenced,
    referencing,
    referencingColumn,
    referencedNavigation: schemaName,
    referencingNavigation,
    cascadeDelete,
    cascadeMerge: 'NoCascade',
    definition: {},
  })
  return [
    make(
      'serviceendpoint_sdkmessageprocessingstep',
      'serviceendpoint',
      'sdkmessageprocessingstep',
      'eventhandler',
      'Restrict',
      'eventhandler_serviceendpoint',
    ),
    make(
      'sdkmessageprocessingstepid_sdkmessageprocessingstepimage',
      'sdkmessageprocessingstep',
      'sdkmessageprocessingstepimage',
      'sdkmessageprocessingstepid',
      'Cascade',
    ),
    make('publisher_solution', 'publisher', 'solution', 'publisherid', 'Restrict'),
    make('solution_solutioncomponent', 'solution', 'solutioncomponent', 'solutionid', 'Cascade'),
    make(
      'sdkmessageid_sdkmessagefilter',
      'sdkmessage',
      'sdkmessagefilter',
      'sdkmessageid',
      'Restrict',
    ),
    make(
      'contact_customer_accounts',
      'account',
      'contact',
      'parentcustomerid',
      'RemoveLink',
      'parentcustomerid_account',
    ),
    make('contact_master_contact', 'contact', 'contact', 'masterid', 'RemoveLink'),
  ]
}
