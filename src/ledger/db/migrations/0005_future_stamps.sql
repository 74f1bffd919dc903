-- Records of the CRM whose times lie in the future, as the last complete reading found them: {count, records: [{contactId, at}]}.
-- null: none, or the CRM is not read by times.
ALTER TABLE connections ADD COLUMN crm_future_stamps jsonb;
