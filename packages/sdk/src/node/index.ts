/** For institutions whose programs run on Node: a durable journal, settings, certificates, and a supervisor's channel. */
export { readCertificates, readIdentity, readLinkTrust, readTrust, withClientCertificate } from './credentials.ts';
export {
  type EndpointSettings,
  type InstitutionSettings,
  institutionFields,
  type StreamSettings,
} from './institution-settings.ts';
export { type JournalFile, openJournalFile } from './journal-file.ts';
export { type SaveFileOptions, saveFile } from './save-file.ts';
export { openSentHashes } from './sent-hashes.ts';
export {
  type Check,
  type Fields,
  integer,
  listOf,
  number,
  oneOf,
  optional,
  path,
  readSettings,
  SettingsError,
  shape,
  text,
} from './settings.ts';
export { fail, type Program, type Supervisor, supervise } from './supervise.ts';
