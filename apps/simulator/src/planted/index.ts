import { type PatchName, patches } from './patched.ts';
import { type WrapName, wraps } from './wrapped.ts';

export type PlantName = PatchName | WrapName;

/** Every known bad build, with its mistake in words. */
export const mistakes = Object.fromEntries(
  [...Object.entries(wraps), ...Object.entries(patches)].map(([name, { mistake }]) => [name, mistake]),
) as Readonly<Record<PlantName, string>>;

export const plantNames = Object.keys(mistakes) as PlantName[];

export const isPatch = (name: PlantName): name is PatchName => Object.hasOwn(patches, name);
export const isWrap = (name: PlantName | undefined): name is WrapName =>
  name !== undefined && Object.hasOwn(wraps, name);
export { type Change, type Patch, type PatchName, patches } from './patched.ts';
export { type Wrap, type WrapName, wraps } from './wrapped.ts';
