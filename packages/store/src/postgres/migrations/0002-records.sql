-- What people search: a projection of the journal that can be thrown away and made again.

CREATE SCHEMA records;

CREATE TABLE records.cursor (
  cell integer PRIMARY KEY,
  sequence bigint NOT NULL
);

CREATE TABLE records.payment (
  cell integer NOT NULL,
  payment_id text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  instructing_agent text COLLATE "C" NOT NULL,
  instructed_agent text COLLATE "C" NOT NULL,
  end_to_end_id text COLLATE "C" NOT NULL,
  amount bigint NOT NULL,
  currency smallint NOT NULL,
  reference text COLLATE "C",
  state text NOT NULL,
  reason text NOT NULL,
  cycle bigint NOT NULL,
  received_at bigint NOT NULL,
  submitted_at bigint NOT NULL,
  changed_at bigint NOT NULL,
  sequence bigint NOT NULL,
  request_sequence bigint NOT NULL,
  request_index integer NOT NULL,
  answer_sequence bigint NOT NULL,
  answer_index integer NOT NULL,
  hash text NOT NULL,
  PRIMARY KEY (cell, payment_id)
);
CREATE INDEX payment_by_time ON records.payment (cell, submitted_at DESC, payment_id);
CREATE INDEX payment_by_instructing_agent ON records.payment (cell, instructing_agent, submitted_at DESC, payment_id);
CREATE INDEX payment_by_instructed_agent ON records.payment (cell, instructed_agent, submitted_at DESC, payment_id);
CREATE INDEX payment_by_end_to_end_id ON records.payment (cell, end_to_end_id, submitted_at DESC, payment_id);
CREATE INDEX cycle_by_instructing_agent ON records.payment (cell, cycle, instructing_agent, payment_id)
  WHERE state = 'succeeded';
CREATE INDEX cycle_by_instructed_agent ON records.payment (cell, cycle, instructed_agent, payment_id)
  WHERE state = 'succeeded';

CREATE TABLE records.agreement (
  cell integer NOT NULL,
  agreement_id text COLLATE "C" NOT NULL,
  institution text NOT NULL,
  bank text NOT NULL,
  payment_limit bigint NOT NULL,
  currency smallint NOT NULL,
  expires_on integer NOT NULL,
  state text NOT NULL,
  reason text NOT NULL,
  changed_at bigint NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (cell, agreement_id)
);

CREATE TABLE records.cycle (
  cell integer NOT NULL,
  cycle bigint NOT NULL,
  business_date integer NOT NULL,
  state text NOT NULL,
  opened_at bigint NOT NULL,
  cut_off_at bigint NOT NULL,
  netted_at bigint NOT NULL,
  settled_at bigint NOT NULL,
  payments bigint NOT NULL,
  turnover numeric(38) NOT NULL,
  PRIMARY KEY (cell, cycle)
);

CREATE TABLE records.position (
  cell integer NOT NULL,
  cycle bigint NOT NULL,
  participant text COLLATE "C" NOT NULL,
  currency smallint NOT NULL,
  credits numeric(38) NOT NULL,
  debits numeric(38) NOT NULL,
  credit_count bigint NOT NULL,
  debit_count bigint NOT NULL,
  PRIMARY KEY (cell, cycle, participant, currency)
);

CREATE TABLE records.work_item (
  cell integer NOT NULL,
  work_item_id text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  subject text NOT NULL,
  opened_at bigint NOT NULL,
  due_at bigint NOT NULL,
  owner text NOT NULL,
  closed_at bigint NOT NULL,
  resolution text NOT NULL,
  PRIMARY KEY (cell, work_item_id)
);
CREATE INDEX work_item_open ON records.work_item (cell, due_at, work_item_id) WHERE closed_at = 0;

CREATE TABLE records.file (
  cell integer NOT NULL,
  cycle bigint NOT NULL,
  participant text COLLATE "C" NOT NULL,
  hash text NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (cell, cycle, participant)
);

CREATE TABLE records.hint (
  cell integer NOT NULL,
  name text COLLATE "C" NOT NULL,
  value bigint NOT NULL,
  PRIMARY KEY (cell, name)
);

GRANT USAGE ON SCHEMA records TO clearway_cell, clearway_gateway, clearway_reader;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA records TO clearway_cell;
GRANT SELECT ON ALL TABLES IN SCHEMA records TO clearway_gateway, clearway_reader;
