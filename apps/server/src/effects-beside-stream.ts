/** Effects of a replayed batch without those of payments over the stream: their parties ask again by themselves. */
import { commandTypes, Effects, effectKinds, layout } from '@clearway/core';

const rest = new Effects();
let streamed = new Uint8Array(1024);

/** Valid until the next call; the same effects when nothing of the batch came over the stream. */
export function effectsBesideStream(effects: Effects, facts: Uint8Array): Effects {
  const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
  let any = false;
  for (let offset = 0, index = 0; offset < facts.length; index++) {
    if (index === streamed.length) {
      const grown = new Uint8Array(streamed.length * 2);
      grown.set(streamed);
      streamed = grown;
    }
    const type = facts[offset];
    const isPayment = type === commandTypes.submitPayment || type === commandTypes.recordAnswer;
    // What is not signed on its own came over the stream. Both layouts have the suite at the same place.
    streamed[index] = isPayment && facts[offset + layout.submitPayment.suite] === 0 ? 1 : 0;
    any ||= streamed[index] === 1;
    offset += view.getUint32(offset + 4);
  }
  if (!any) return effects;
  rest.clear();
  for (let i = 0; i < effects.count; i++) {
    const ofPayment = effects.kinds[i] === effectKinds.paymentChanged || effects.kinds[i] === effectKinds.offer;
    if (!(ofPayment && streamed[effects.commands[i]] === 1)) rest.copy(effects, i);
  }
  return rest;
}
