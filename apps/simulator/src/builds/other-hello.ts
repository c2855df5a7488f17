/** How an SDK of another release greets: an older one without version 2, or a newer one with more than is known here. */
import { FrameReader, FrameWriter, type Hello, textOf } from '@clearway/contract';

const otherWords = {
  older: (hello: Hello) => ({ ...hello, versions: [1] }),
  newer: (hello: Hello) => ({ ...hello, versions: [3, ...hello.versions], mostBytes: 65_536 }),
} as const;

/** @param bytes the hello's frame, and nothing else */
export function otherHello(age: keyof typeof otherWords, bytes: Uint8Array): Uint8Array {
  const writer = new FrameWriter();
  new FrameReader().read(bytes, (frame) => writer.text('hello', otherWords[age](textOf(frame) as Hello)));
  return writer.take();
}
