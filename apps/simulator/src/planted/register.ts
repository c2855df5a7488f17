/** `node --import <this module> …` with CLEARWAY_PATCH=<name>: a process of that known bad build. */
import { register } from 'node:module';
import { patches } from './patched.ts';

const name = process.env.CLEARWAY_PATCH ?? '';
if (!Object.hasOwn(patches, name)) throw new Error(`CLEARWAY_PATCH is "${name}", and there is no such build`);
register(new URL('./load-patched.js', import.meta.url).href, { data: name });
