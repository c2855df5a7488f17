/** Which of the rules decide: a program knows all that a journal was ever decided by, up to its newest. */
import type { State } from './state.ts';

/**
 * Newest version of the rules that this program knows. A change that alters a decision raises it and asks
 * {@link rulesInForce}: until the scheme says so an older program may take over again, and decides the same.
 */
export const newestRules = 1;

/** Journaled with every batch; nothing but the adoption of a scheme raises it. */
export const rulesInForce = ({ scheme }: Pick<State, 'scheme'>): number => scheme?.rules ?? 1;
