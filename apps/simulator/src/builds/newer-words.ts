/** How a newer program speaks to others: in words that this one does not know first, and then in those that it does. */
import type { SubmitResult } from '@clearway/gateway';

const newerType = 100;

/** The same command as a later release may have it: another type, and a field more. */
function inNewerWords(command: Uint8Array): Uint8Array {
  const newer = new Uint8Array(command.length + 8);
  newer.set(command);
  newer[0] = newerType + command[0];
  new DataView(newer.buffer).setUint32(4, newer.length);
  return newer;
}

/** @param submit must refuse what it does not know definitely, and have done nothing */
export async function submitFromNewer(
  command: Uint8Array,
  submit: (command: Uint8Array) => Promise<SubmitResult>,
): Promise<SubmitResult> {
  const result = await submit(inNewerWords(command));
  return result.outcome === 'refused' && result.reason === 'methodNotAllowed' ? submit(command) : result;
}
