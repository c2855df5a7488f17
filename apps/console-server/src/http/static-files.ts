/** The built pages. Every address that is no file and no API is the application's own to show. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

export interface StaticFile {
  readonly contentType: string;
  readonly body: Buffer;
  /** The same by Brotli, of texts that do not change. */
  readonly compressed?: Buffer;
  /** Its name has a hash of its content. */
  readonly isImmutable: boolean;
  readonly isPage: boolean;
}

export interface StaticFiles {
  /** Of a path such as `/assets/index-1a2b.js`; the application's page for any other. */
  find(path: string): StaticFile | undefined;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
};

const isText = /^text\/|json|svg/;
/** Once, at the start: a tenth of a second for the whole application. */
const quality = 9;

function compress(body: Buffer): Buffer {
  return brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } });
}

/** All files of a folder, read at once: only what is in this list can be asked for. */
export function readStaticFiles(folder: string): StaticFiles {
  const files = new Map<string, StaticFile>();
  for (const path of existsSync(folder) ? filesBelow(folder) : []) {
    const contentType = contentTypes[extname(path)];
    if (contentType === undefined) continue;
    const name = `/${relative(folder, path).split(sep).join('/')}`;
    const body = readFileSync(path);
    const isImmutable = name.startsWith('/assets/');
    files.set(name, {
      contentType,
      body,
      ...(isImmutable && isText.test(contentType) && { compressed: compress(body) }),
      isImmutable,
      isPage: extname(path) === '.html',
    });
  }
  return {
    find: (path) => files.get(path) ?? (extname(path) === '' ? files.get('/index.html') : undefined),
  };
}

function* filesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}
