/** The programs are started by their files, as anybody else would start them. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Absolute path of a file, given from the root of the repository. */
export const repositoryFile = (path: string): string => join(root, path);
