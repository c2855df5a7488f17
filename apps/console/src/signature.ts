/** The platform's signature suites (docs/reference/canonical-bytes.md) in the browser's own cryptography. */
const suites: Readonly<
  Record<string, { readonly key: Algorithm | EcKeyImportParams; readonly verify: AlgorithmIdentifier | EcdsaParams }>
> = {
  ed25519: { key: { name: 'Ed25519' }, verify: { name: 'Ed25519' } },
  'ecdsa-p256-sha256': {
    key: { name: 'ECDSA', namedCurve: 'P-256' },
    verify: { name: 'ECDSA', hash: 'SHA-256' },
  },
};

/** Undefined where this browser does not know the suite; false for a key that is none. */
export async function verifySignature(
  subtle: SubtleCrypto,
  suite: string,
  publicKey: string,
  bytes: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
): Promise<boolean | undefined> {
  const known = suites[suite];
  if (known === undefined) return undefined;
  const base64 = publicKey.replace(/-----[A-Z ]+-----|\s/g, '');
  try {
    const spki = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const key = await subtle.importKey('spki', spki, known.key, false, ['verify']);
    return await subtle.verify(known.verify, key, signature, bytes);
  } catch (error) {
    return error instanceof DOMException && error.name === 'NotSupportedError' ? undefined : false;
  }
}
