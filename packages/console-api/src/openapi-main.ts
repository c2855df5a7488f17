/** Writes docs/reference/console-openapi.json anew, after routes or messages have changed. */
import { writeFileSync } from 'node:fs';
import { openApiText } from './openapi.ts';

writeFileSync(new URL('../../../docs/reference/console-openapi.json', import.meta.url), openApiText());
