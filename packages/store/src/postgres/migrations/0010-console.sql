-- The console's own things: people, logins, changes, alarms and the audit log. Its role reads the rest and changes none
-- of it; nobody, the role included, can change or remove what stands in the audit log.

CREATE SCHEMA console;

CREATE TABLE console.person (
  user_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  login text COLLATE "C" NOT NULL UNIQUE,
  name text NOT NULL,
  roles text[] NOT NULL,
  participant text,
  state text NOT NULL CHECK (state IN ('invited', 'active', 'ended')),
  -- scrypt with its parameters; null while invited
  password text,
  -- secret of the second factor, encrypted under the console's key; null while invited
  second_factor bytea,
  -- time step of the last code that was taken: none is good twice
  last_step bigint NOT NULL DEFAULT 0,
  created_at bigint NOT NULL,
  last_login_at bigint NOT NULL DEFAULT 0,
  -- change that may issue a link, 0 for none
  link_change integer NOT NULL DEFAULT 0
);

-- Hashes of one-time links; the first operator's names nobody.
CREATE TABLE console.enrolment (
  token_hash text PRIMARY KEY,
  user_id integer REFERENCES console.person,
  code_hash text NOT NULL,
  second_factor bytea NOT NULL,
  expires_at bigint NOT NULL,
  used_at bigint NOT NULL DEFAULT 0
);

CREATE TABLE console.login (
  token_hash text PRIMARY KEY,
  user_id integer NOT NULL REFERENCES console.person,
  started_at bigint NOT NULL,
  ends_at bigint NOT NULL,
  acts_until bigint NOT NULL,
  purpose text,
  ended_at bigint NOT NULL DEFAULT 0
);
CREATE INDEX login_of_person ON console.login (user_id) WHERE ended_at = 0;

CREATE TABLE console.change (
  change_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  state text NOT NULL,
  -- as text: what was shown is kept byte for byte
  request text NOT NULL,
  effect text NOT NULL,
  -- what it was computed from; another now makes the change void
  basis text NOT NULL,
  participant text,
  proposed_by integer NOT NULL REFERENCES console.person,
  proposed_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  decided_by integer REFERENCES console.person,
  decided_at bigint NOT NULL DEFAULT 0,
  note text,
  result text,
  -- version of the participants' document that it made, 0 for none
  version integer NOT NULL DEFAULT 0,
  code_hash text,
  -- four eyes
  CHECK (decided_by <> proposed_by)
);
CREATE INDEX change_open ON console.change (state) WHERE state IN ('proposed', 'executing');

CREATE TABLE console.audit (
  sequence bigint PRIMARY KEY,
  content text NOT NULL,
  previous_hash text NOT NULL CHECK (previous_hash ~ '^[0-9a-f]{64}$'),
  hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$')
);

-- Who has a work item of the records, and how a person closed it.
CREATE TABLE console.work (
  cell integer NOT NULL,
  work_item_id text COLLATE "C" NOT NULL,
  owner integer REFERENCES console.person,
  closed_at bigint NOT NULL DEFAULT 0,
  resolution text,
  PRIMARY KEY (cell, work_item_id)
);
CREATE TABLE console.work_note (
  cell integer NOT NULL,
  work_item_id text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  by integer NOT NULL REFERENCES console.person,
  text text NOT NULL
);
CREATE INDEX work_note_by_item ON console.work_note (cell, work_item_id, at);

CREATE TABLE console.alarm (
  alarm_id text COLLATE "C" NOT NULL,
  since bigint NOT NULL,
  kind text NOT NULL,
  priority text NOT NULL,
  subject text NOT NULL,
  symptoms integer NOT NULL,
  facts text NOT NULL,
  act text NOT NULL,
  ended_at bigint NOT NULL DEFAULT 0,
  owner text,
  note text,
  shelved_until bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (alarm_id, since)
);
CREATE INDEX alarm_active ON console.alarm (alarm_id) WHERE ended_at = 0;

-- What the console has seen of a cell, by the minute; null where it saw nothing.
CREATE TABLE console.minute (
  cell integer NOT NULL,
  at bigint NOT NULL,
  seconds integer NOT NULL,
  submitted bigint NOT NULL,
  succeeded bigint NOT NULL,
  failed bigint NOT NULL,
  refused bigint NOT NULL,
  unknown bigint NOT NULL,
  peak double precision NOT NULL,
  p50_ms double precision,
  p99_ms double precision,
  flush_mean_ms double precision,
  flush_largest_ms double precision,
  PRIMARY KEY (cell, at)
);

CREATE INDEX payment_without_outcome ON records.payment (cell, instructed_agent, submitted_at)
  WHERE state IN ('unknown', 'reversing');
CREATE INDEX refund_by_original ON records.payment (cell, reference) WHERE kind = 'refund';

GRANT USAGE ON SCHEMA console, records, journal TO clearway_console;
GRANT SELECT ON ALL TABLES IN SCHEMA console, records TO clearway_console;
GRANT SELECT ON journal.batch, journal.cell, journal.epoch, journal.configuration TO clearway_console;
GRANT INSERT ON ALL TABLES IN SCHEMA console TO clearway_console;
GRANT UPDATE (name, roles, participant, state, password, second_factor, last_step, last_login_at, link_change)
  ON console.person TO clearway_console;
GRANT UPDATE (used_at) ON console.enrolment TO clearway_console;
GRANT UPDATE (acts_until, purpose, ended_at) ON console.login TO clearway_console;
GRANT UPDATE (state, decided_by, decided_at, note, result, version, code_hash) ON console.change TO clearway_console;
GRANT UPDATE ON console.work, console.alarm, console.minute TO clearway_console;
