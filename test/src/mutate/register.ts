/** `node --import <this module>?<replacement as JSON> …`: a process with one mutant. */
import { register } from 'node:module';

const data = JSON.parse(decodeURIComponent(new URL(import.meta.url).search.slice(1)));
register(new URL('./load-mutant.js', import.meta.url).href, { data });
