/** Makes a self-signed certificate (X.509 v3, Ed25519) for 127.0.0.1 at run time: tests alone use it. */
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

function der(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Uint8Array.of(tag, ...length), body]);
}

const sequence = (...content: Uint8Array[]) => der(0x30, ...content);
const objectId = (...bytes: number[]) => der(0x06, Uint8Array.from(bytes));
const utcTime = (date: Date) => der(0x17, Buffer.from(`${date.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`));

const day = 24 * 60 * 60 * 1000;
const ed25519 = sequence(objectId(0x2b, 0x65, 0x70));

export function selfSigned(commonName: string): { readonly cert: string; readonly key: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const name = sequence(der(0x31, sequence(objectId(0x55, 0x04, 0x03), der(0x0c, Buffer.from(commonName)))));
  const altName = sequence(objectId(0x55, 0x1d, 0x11), der(0x04, sequence(der(0x87, Uint8Array.of(127, 0, 0, 1)))));
  const toSign = sequence(
    der(0xa0, der(0x02, Uint8Array.of(2))),
    der(0x02, Uint8Array.of(1)),
    ed25519,
    name,
    sequence(utcTime(new Date(Date.now() - day)), utcTime(new Date(Date.now() + day))),
    name,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(altName)),
  );
  const signature = der(0x03, Uint8Array.of(0), sign(null, toSign, privateKey));
  const base64 = sequence(toSign, ed25519, signature).toString('base64');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${base64.match(/.{1,64}/g)!.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}
