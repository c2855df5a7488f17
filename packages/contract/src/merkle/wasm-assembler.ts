/**
 * As much of a WebAssembly assembler as the SHA-256 kernel needs (WebAssembly core specification 2.0, section 5).
 * Code is a list of bytes; an operation takes the code of its operands and puts its own behind.
 */

export type Code = readonly number[];

export const i32 = 0x7f;
export const v128 = 0x7b;

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}

/** Signed LEB128. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  for (; value < -0x40 || value > 0x3f; value >>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value & 0x7f];
}

const plain =
  (...opcode: number[]) =>
  (...operands: Code[]): Code => [...operands.flat(), ...opcode];

const vector = (opcode: number) => plain(0xfd, ...unsigned(opcode));

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];
export const constant = (value: number): Code => [0x41, ...signed(value)];
export const add = plain(0x6a);
export const equal = plain(0x46);
export const less = plain(0x48);
/** The first operand if the third is not zero, else the second. */
export const select = plain(0x1b);
export const when = (condition: Code, ...body: Code[]): Code => [...condition, 0x04, 0x40, ...body.flat(), 0x0b];
/** Repeats the body while the condition behind it holds. */
export const repeat = (body: Code, condition: Code): Code => [0x03, 0x40, ...body, ...condition, 0x0d, 0, 0x0b];

/** 16 bytes at an address of any alignment. */
export const load = (address: Code, offset = 0): Code => [...address, 0xfd, 0x00, 0, ...unsigned(offset)];
export const store = (address: Code, value: Code, offset = 0): Code => [
  ...address,
  ...value,
  0xfd,
  0x0b,
  0,
  ...unsigned(offset),
];

export const bytes16 = (...bytes: number[]): Code => [0xfd, 0x0c, ...bytes];
/** Bytes of the first operand at the places that the second names. */
export const swizzle = vector(0x0e);
export const splatByte = vector(0x0f);
export const splat = vector(0x11);
export const equalBytes = vector(0x23);
export const lessBytes = vector(0x25);
export const and = vector(0x4e);
export const or = vector(0x50);
export const xor = vector(0x51);
/** Bits of the first operand where the third has ones, of the second where it has zeros. */
export const pickBits = vector(0x52);
export const shiftLanesLeft = vector(0xab);
export const shiftLanesRight = vector(0xad);
export const addLanes = vector(0xae);
export const replaceLane = (lanes: Code, lane: number, value: Code): Code => [...lanes, ...value, 0xfd, 0x1c, lane];
/** 16 bytes picked from the 32 of both operands. */
export const shuffle = (first: Code, second: Code, picks: Code): Code => [...first, ...second, 0xfd, 0x0d, ...picks];

const text = (value: string): Code => [...unsigned(value.length), ...Buffer.from(value, 'ascii')];
const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];

/** A module with one exported function `run` of i32 parameters and no result, over the imported memory `host.memory`. */
export function assemble(
  parameters: number,
  locals: readonly { count: number; type: number }[],
  body: Code,
): Uint8Array {
  const declared = list(locals.map(({ count, type }) => [...unsigned(count), type]));
  const code = [...declared, ...body, 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list([[0x60, ...list(Array.from({ length: parameters }, () => [i32])), 0]])),
    ...section(2, list([[...text('host'), ...text('memory'), 2, 0, 1]])),
    ...section(3, list([[0]])),
    ...section(7, list([[...text('run'), 0, 0]])),
    ...section(10, list([[...unsigned(code.length), ...code]])),
  ]);
}
