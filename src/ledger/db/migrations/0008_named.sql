-- What status and `connection show` name: categories that somebody added in the CRM (D3), and persons with a legal basis
-- that the tenant made (C2), who are found by the index also when a file maps another basis.
ALTER TABLE connections ADD COLUMN crm_foreign_categories jsonb NOT NULL DEFAULT '[]';

CREATE INDEX crm_contacts_with_tenant_basis ON crm_contacts (connection_id)
  WHERE state = 'live' AND (consents -> 'storeAndProcess' ->> 'value' LIKE 'tenant:%'
    OR consents -> 'marketingSendouts' ->> 'value' LIKE 'tenant:%');
