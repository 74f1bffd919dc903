-- A reading of the CRM's changes held a row that does not tell whose it is: nobody whom it did not mention is proven until a
-- listing holds none, and when everything was last listed because of one.
ALTER TABLE connections ADD COLUMN crm_untold boolean NOT NULL DEFAULT false, ADD COLUMN crm_relisted_at timestamptz;

-- A listing made before this may have held an entry that is no row, which left no mark: each is made once more.
UPDATE connections SET crm_cursor = NULL WHERE crm = 'dynamics';
