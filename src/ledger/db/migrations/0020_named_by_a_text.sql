-- Which addresses a text names: asked by the text, for whoever has it in eMarketeer.
CREATE INDEX address_mentions_by_text ON address_mentions (address_id);
