/** `node --import <this module>?<name> …`: a process of that known bad build. */
import { register } from 'node:module';
import { patches } from './patched.ts';

const name = new URL(import.meta.url).search.slice(1);
if (!Object.hasOwn(patches, name)) throw new Error(`there is no build "${name}"`);
register(new URL('./load-patched.js', import.meta.url).href, { data: name });
