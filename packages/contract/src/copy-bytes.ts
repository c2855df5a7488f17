/**
 * Copies `length` bytes word by word. For a few hundred bytes as quick as `set` of a `subarray`, without an object for
 * each: what a message leaves behind is collected sooner or later, and that costs more than the copy.
 */
export function copyBytes(from: DataView, source: number, to: DataView, target: number, length: number): void {
  const words = length & ~3;
  for (let at = 0; at < words; at += 4) to.setUint32(target + at, from.getUint32(source + at, true), true);
  for (let at = words; at < length; at++) to.setUint8(target + at, from.getUint8(source + at));
}
