/** Opens the stream of a cell to the outside. */
import { readFileSync } from 'node:fs';
import { streamProtocol } from '@clearway/contract';
import { createStream } from '@clearway/gateway';
import type { Clock, Crypto, Link, LinkEvents } from '@clearway/ports';
import type { RunningCell } from './cell.ts';
import type { Log } from './program.ts';
import { type Settings, SettingsError } from './settings.ts';

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** @throws SettingsError when there is no certificate, or the stream would be open without one */
export async function listenToStream(options: {
  readonly cell: RunningCell;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly settings: Settings;
  /** `listenLinks` of the real ports. */
  listen(
    accept: (link: Link) => LinkEvents,
    options: {
      readonly host: string;
      readonly port: number;
      readonly protocol: string;
      readonly tls?: { readonly cert: string; readonly key: string };
    },
  ): Promise<Listener>;
  readonly log: Log;
}): Promise<Listener> {
  const { cell, clock, crypto, settings, log } = options;
  const plain = settings.streamPlain === 'yes';
  if (plain && !loopback.has(settings.streamHost))
    throw new SettingsError(`CLEARWAY_STREAM_PLAIN is for loopback only, not for ${settings.streamHost}`);
  if (!plain && (settings.streamCertificate === '' || settings.streamCertificateKey === ''))
    throw new SettingsError(
      'CLEARWAY_STREAM_PORT needs CLEARWAY_STREAM_CERTIFICATE and CLEARWAY_STREAM_CERTIFICATE_KEY',
    );
  const stream = createStream({
    cell: cell.streamCell,
    ports: { clock, crypto },
    settings: { window: settings.streamWindow, certificates: !plain },
    log,
  });
  cell.attachStream(stream);
  const listener = await options.listen(stream.accept, {
    host: settings.streamHost,
    port: settings.streamPort!,
    protocol: streamProtocol,
    ...(!plain && {
      tls: {
        cert: readFileSync(settings.streamCertificate, 'utf8'),
        key: readFileSync(settings.streamCertificateKey, 'utf8'),
      },
    }),
  });
  log('stream.listens', { host: settings.streamHost, port: listener.port, tls: !plain });
  return listener;
}
