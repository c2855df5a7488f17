/** Writes docs/reference/openapi.json anew, after routes or messages have changed. */
import { writeFileSync } from 'node:fs';
import { openApiText } from './openapi.ts';

writeFileSync(new URL('../../../docs/reference/openapi.json', import.meta.url), openApiText());
