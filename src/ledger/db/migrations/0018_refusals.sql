-- What a refused loosening was refused for, where nobody had denied: it is not asked again until somebody acts (F4). NULL:
-- noted by the first pass after the refusal.
ALTER TABLE loosenings ADD COLUMN refused_for text;
