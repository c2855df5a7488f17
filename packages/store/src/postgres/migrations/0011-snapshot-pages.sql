-- A page of a snapshot that is as it was in an older one is not written again: the row names where its bytes are.

ALTER TABLE journal.snapshot_page
  ALTER bytes DROP NOT NULL,
  ADD source bigint,
  ADD source_page integer,
  ADD CHECK ((bytes IS NULL) = (source IS NOT NULL AND source_page IS NOT NULL));

CREATE INDEX snapshot_page_source ON journal.snapshot_page (cell, source, source_page) WHERE source IS NOT NULL;
