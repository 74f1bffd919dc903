import type { TableSpec } from './build-table.js'

const text = (maxLength: number) => ({ type: 'String', maxLength }) as const
const flag = (defaultValue: boolean) => ({ type: 'Boolean', defaultValue }) as const
const number = { type: 'Integer' } as const
const choice = (...options: number[]) => ({ type: 'Picklist', options }) as const
const managed = {
  type: 'ManagedProperty',
  defaultValue: {
    Value: true,
    CanBeChanged: true,
    ManagedPropertyLogicalName: 'iscustomizable',
  },
} as const
const memo = { type: 'Memo', maxLength: 1_073_741_823 } as const

type Columns = TableSpec['columns']

function system(
  name: string,
  schemaName: string,
  entitySet: string,
  objectTypeCode: number,
  columns: Columns,
  primaryName = 'name',
): TableSpec {
  return { name, schemaName, entitySet, primaryName, objectTypeCode, label: schemaName, columns }
}

/** Tables that hold configuration, customization and history (wire page, sections 5, 9 to 11, 13, 16). */
export const SYSTEM_TABLES: readonly TableSpec[] = [
  system(
    'systemuser',
    'SystemUser',
    'systemusers',
    8,
    {
      fullname: text(200),
      domainname: text(1024),
      applicationid: { type: 'Uniqueidentifier' },
      isdisabled: flag(false),
    },
    'fullname',
  ),
  system('organization', 'Organization', 'organizations', 1019, {
    name: text(160),
    languagecode: number,
    isauditenabled: flag(false),
    expirechangetrackingindays: number,
    auditretentionperiodv2: number,
  }),
  system(
    'publisher',
    'Publisher',
    'publishers',
    7101,
    {
      uniquename: text(256),
      friendlyname: text(256),
      customizationprefix: text(8),
      customizationoptionvalueprefix: number,
      description: text(2000),
    },
    'friendlyname',
  ),
  system(
    'solution',
    'Solution',
    'solutions',
    7100,
    {
      uniquename: text(65),
      friendlyname: text(256),
      version: text(256),
      description: text(2000),
      ismanaged: flag(false),
      publisherid: { type: 'Lookup', target: 'publisher' },
    },
    'friendlyname',
  ),
  system(
    'solutioncomponent',
    'SolutionComponent',
    'solutioncomponents',
    7103,
    {
      objectid: { type: 'Uniqueidentifier' },
      componenttype: number,
      rootcomponentbehavior: number,
      solutionid: { type: 'Lookup', target: 'solution' },
    },
    'objectid',
  ),
  system('sdkmessage', 'SdkMessage', 'sdkmessages', 4606, { name: text(256) }),
  system(
    'sdkmessagefilter',
    'SdkMessageFilter',
    'sdkmessagefilters',
    4607,
    {
      primaryobjecttypecode: { type: 'EntityName', maxLength: 128 },
      sdkmessageid: { type: 'Lookup', target: 'sdkmessage' },
      iscustomprocessingstepallowed: flag(true),
    },
    'primaryobjecttypecode',
  ),
  system('serviceendpoint', 'ServiceEndpoint', 'serviceendpoints', 4618, {
    name: text(160),
    description: text(2000),
    url: text(2048),
    path: text(160),
    solutionnamespace: text(160),
    contract: choice(1, 2, 3, 4, 5, 6, 7, 8),
    authtype: choice(1, 2, 3, 4, 5, 6),
    authvalue: { ...text(2048), writeOnly: true },
    isauthvalueset: { ...flag(false), readOnly: true },
    messageformat: choice(1, 2, 3),
    connectionmode: choice(1, 2),
    userclaim: choice(1, 2, 3),
  }),
  system(
    'sdkmessageprocessingstep',
    'SdkMessageProcessingStep',
    'sdkmessageprocessingsteps',
    4608,
    {
      name: text(256),
      description: text(256),
      stage: choice(10, 20, 40),
      mode: choice(0, 1),
      rank: number,
      supporteddeployment: choice(0, 1, 2),
      asyncautodelete: flag(false),
      filteringattributes: text(100_000),
      configuration: memo,
      eventhandler: {
        type: 'Lookup',
        target: 'serviceendpoint',
        navigation: 'eventhandler_serviceendpoint',
      },
      sdkmessageid: { type: 'Lookup', target: 'sdkmessage' },
      sdkmessagefilterid: { type: 'Lookup', target: 'sdkmessagefilter' },
    },
  ),
  system(
    'sdkmessageprocessingstepimage',
    'SdkMessageProcessingStepImage',
    'sdkmessageprocessingstepimages',
    4615,
    {
      name: text(256),
      entityalias: text(256),
      imagetype: choice(0, 1, 2),
      messagepropertyname: text(256),
      attributes: text(100_000),
      sdkmessageprocessingstepid: { type: 'Lookup', target: 'sdkmessageprocessingstep' },
    },
  ),
  {
    ...system('systemform', 'SystemForm', 'systemforms', 1030, {
      name: { ...text(160), drafted: true },
      description: { ...text(2000), drafted: true },
      formxml: { ...memo, drafted: true },
      objecttypecode: { type: 'EntityName', maxLength: 128 },
      type: choice(0, 1, 2, 5, 6, 7, 10, 11, 12, 101),
      isdefault: flag(false),
      ismanaged: flag(false),
      formactivationstate: choice(0, 1),
      iscustomizable: managed,
      version: number,
    }),
    primaryId: 'formid',
  },
  system('savedquery', 'SavedQuery', 'savedqueries', 1039, {
    name: { ...text(200), drafted: true },
    description: { ...text(2000), drafted: true },
    fetchxml: { ...memo, drafted: true },
    layoutxml: { ...memo, drafted: true },
    returnedtypecode: { type: 'EntityName', maxLength: 128 },
    querytype: number,
    isdefault: flag(false),
    ismanaged: flag(false),
    iscustomizable: managed,
  }),
  system('customcontrol', 'CustomControl', 'customcontrols', 9753, {
    name: text(200),
    version: text(100),
  }),
  system('webresource', 'WebResource', 'webresourceset', 9333, {
    name: text(256),
    displayname: text(200),
    webresourcetype: number,
    content: memo,
  }),
  system('asyncoperation', 'AsyncOperation', 'asyncoperations', 4700, {
    name: text(256),
    friendlymessage: memo,
    message: memo,
    errorcode: number,
    completedon: { type: 'DateTime' },
    operationtype: number,
    owningextensionid: { type: 'Lookup', target: 'sdkmessageprocessingstep' },
    regardingobjectid: { type: 'Lookup' },
    statecode: { type: 'State', options: [0, 1, 2, 3], defaultValue: 3 },
    statuscode: { type: 'Status', options: [0, 10, 20, 21, 22, 30, 31, 32], defaultValue: 30 },
  }),
  system(
    'audit',
    'Audit',
    'audits',
    4567,
    {
      operation: number,
      action: number,
      attributemask: memo,
      objecttypecode: { type: 'EntityName', maxLength: 128 },
      objectid: { type: 'Lookup' },
      userid: { type: 'Lookup', target: 'systemuser' },
    },
    'auditid',
  ),
  system('privilege', 'Privilege', 'privileges', 1023, { name: text(100) }),
  system('attributemaskingrule', 'AttributeMaskingRule', 'attributemaskingrules', 10_061, {
    attributelogicalname: text(128),
    entityname: text(128),
  }),
]
