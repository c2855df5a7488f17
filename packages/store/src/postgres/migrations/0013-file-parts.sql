-- Reconciliation files of any length: a value ends at 1 GB, so the bytes lie in parts, and the file is what names them.

CREATE TABLE records.file_part (
  cell integer NOT NULL,
  cycle bigint NOT NULL,
  participant text COLLATE "C" NOT NULL,
  part integer NOT NULL,
  payments bigint NOT NULL,
  hash text NOT NULL,
  content bytea NOT NULL,
  bytes bigint NOT NULL GENERATED ALWAYS AS (octet_length(content)) STORED,
  PRIMARY KEY (cell, cycle, participant, part)
);

-- Compressing costs more than writing.
ALTER TABLE records.file_part ALTER COLUMN content SET STORAGE EXTERNAL;

INSERT INTO records.file_part (cell, cycle, participant, part, payments, hash, content)
SELECT cell, cycle, participant, 1, array_length(string_to_array(convert_from(bytes, 'UTF8'), E'\nD,'), 1) - 1, hash, bytes
FROM records.file;

ALTER TABLE records.file ADD payments bigint, ADD parts integer NOT NULL DEFAULT 1, ADD length bigint;

UPDATE records.file SET payments = part.payments, length = part.bytes
FROM records.file_part part
WHERE (part.cell, part.cycle, part.participant) = (file.cell, file.cycle, file.participant);

ALTER TABLE records.file DROP bytes;
ALTER TABLE records.file RENAME length TO bytes;
ALTER TABLE records.file ALTER payments SET NOT NULL, ALTER bytes SET NOT NULL, ALTER parts DROP DEFAULT;

GRANT SELECT, INSERT, UPDATE ON records.file_part TO clearway_cell;
GRANT SELECT ON records.file_part TO clearway_gateway, clearway_reader, clearway_console;
