-- The journal, and what belongs to it. `cell` is the routing digits as a number: centre * 10000 + cell.

CREATE SCHEMA journal;

-- One row a cell; whoever raises the epoch has the cell. Appends hold this row FOR SHARE while they commit.
CREATE TABLE journal.cell (
  cell integer PRIMARY KEY CHECK (cell BETWEEN 10001 AND 999999),
  epoch bigint NOT NULL CHECK (epoch BETWEEN 0 AND 4294967295)
);

CREATE FUNCTION journal.epoch_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.cell <> OLD.cell OR NEW.epoch <> OLD.epoch + 1 THEN
    RAISE EXCEPTION 'epoch of cell % goes from % to %, never to %', OLD.cell, OLD.epoch, OLD.epoch + 1, NEW.epoch;
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER epoch_only_grows BEFORE UPDATE ON journal.cell
  FOR EACH ROW EXECUTE FUNCTION journal.epoch_only_grows();

-- Where an epoch that is over ended. Its batches are valid from the end of the one before, exclusive, to `last`.
CREATE TABLE journal.epoch (
  cell integer NOT NULL REFERENCES journal.cell,
  epoch bigint NOT NULL,
  last bigint NOT NULL CHECK (last >= 0),
  ended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (cell, epoch)
);

-- No foreign key to journal.cell: its lock would stand in the way of a claim.
CREATE TABLE journal.batch (
  cell integer NOT NULL,
  epoch bigint NOT NULL,
  sequence bigint NOT NULL CHECK (sequence > 0),
  header bytea NOT NULL CHECK (octet_length(header) = 128),
  facts bytea NOT NULL,
  bodies bytea NOT NULL,
  PRIMARY KEY (cell, epoch, sequence)
);
-- Facts and bodies do not compress; trying costs three quarters of the throughput.
ALTER TABLE journal.batch ALTER facts SET STORAGE EXTERNAL, ALTER bodies SET STORAGE EXTERNAL;

CREATE TABLE journal.snapshot (
  cell integer NOT NULL,
  sequence bigint NOT NULL,
  pages integer NOT NULL CHECK (pages >= 0),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  sealed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (cell, sequence)
);

CREATE TABLE journal.snapshot_page (
  cell integer NOT NULL,
  sequence bigint NOT NULL,
  page integer NOT NULL CHECK (page >= 0),
  bytes bytea NOT NULL CHECK (octet_length(bytes) <= 16777216),
  PRIMARY KEY (cell, sequence, page)
);
ALTER TABLE journal.snapshot_page ALTER bytes SET STORAGE EXTERNAL;

CREATE TABLE journal.configuration (
  cell integer NOT NULL,
  kind text NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  content bytea NOT NULL,
  put_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (cell, kind, version)
);

-- Keys of the bodies, apart from what they open. Destroying one: SET key = NULL, destroyed_at = now().
CREATE SCHEMA secret;

CREATE TABLE secret.body_key (
  cell integer NOT NULL,
  day integer NOT NULL CHECK (day BETWEEN 20000101 AND 99991231),
  key bytea CHECK (octet_length(key) = 32),
  made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  destroyed_at timestamptz,
  PRIMARY KEY (cell, day),
  CHECK ((key IS NULL) = (destroyed_at IS NOT NULL))
);

-- The cell may add to the journal and never change it. UPDATE of the epoch lets it claim, and lock FOR SHARE.
GRANT USAGE ON SCHEMA journal, secret TO clearway_cell;
GRANT SELECT, INSERT, UPDATE (epoch) ON journal.cell TO clearway_cell;
GRANT SELECT, INSERT ON journal.epoch, journal.batch, journal.configuration TO clearway_cell;
GRANT SELECT, INSERT, DELETE ON journal.snapshot, journal.snapshot_page TO clearway_cell;
GRANT SELECT, INSERT ON secret.body_key TO clearway_cell;

GRANT USAGE ON SCHEMA journal TO clearway_gateway, clearway_reader;
GRANT SELECT ON journal.configuration TO clearway_gateway;
GRANT SELECT ON ALL TABLES IN SCHEMA journal TO clearway_reader;
