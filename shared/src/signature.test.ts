import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { beforeAll, describe, expect, it, test } from 'vitest';
import {
  bodyDigest,
  contentDigest,
  importSigningKey,
  importVerificationKeys,
  signDetached,
  type SignedKind,
  type SigningKey,
  type VerificationKeys,
  verifyDetached,
} from './signature.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const fromBase64Url = (text: string) => atob(text.replaceAll('-', '+').replaceAll('_', '/'));
const toBase64Url = (text: string) => btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const body = utf8('{"records":[]}');
const kind: SignedKind = 'marvel-feed-page';

async function makeJwk(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid };
}

let oldJwk: JWK;
let newJwk: JWK;
let oldKey: SigningKey;
let newKey: SigningKey;
let both: VerificationKeys;

beforeAll(async () => {
  [oldJwk, newJwk] = [await makeJwk('2026-10'), await makeJwk('2026-11')];
  [oldKey, newKey] = [await importSigningKey(oldJwk), await importSigningKey(newJwk)];
  both = await importVerificationKeys([oldJwk, newJwk]);
});

/** The signature with its protected header rewritten, and the rest as it was. */
function withHeader(jws: string, change: (header: Record<string, unknown>) => Record<string, unknown>): string {
  const [header = '', , signature = ''] = jws.split('.');
  const changed = change(JSON.parse(fromBase64Url(header)) as Record<string, unknown>);
  return `${toBase64Url(JSON.stringify(changed))}..${signature}`;
}

describe('a signed body', () => {
  it('is believed as what it was signed as, and names its key', async () => {
    const jws = await signDetached(body, kind, oldKey);
    expect(jws).toMatch(/^[\w-]+\.\.[\w-]{86}$/);
    expect(await verifyDetached(body, jws, kind, both)).toEqual({ ok: true, value: { kid: '2026-10' } });
  });

  it('may be any bytes, none among them', async () => {
    for (const bytes of [new Uint8Array(), Uint8Array.from([0, 255, 46, 10, 128]), new Uint8Array(100_000).fill(7)]) {
      const jws = await signDetached(bytes, kind, newKey);
      expect(await verifyDetached(bytes, jws, kind, both)).toMatchObject({ ok: true });
    }
  });

  it('says in its header what RFC 7797 asks for', async () => {
    const [header = ''] = (await signDetached(body, kind, oldKey)).split('.');
    expect(JSON.parse(fromBase64Url(header))).toEqual({
      alg: 'EdDSA',
      kid: '2026-10',
      typ: kind,
      b64: false,
      crit: ['b64'],
    });
  });

  it('is believed under either of two keys that overlap, and under neither once both are gone', async () => {
    for (const key of [oldKey, newKey]) {
      const jws = await signDetached(body, kind, key);
      expect(await verifyDetached(body, jws, kind, both)).toMatchObject({ ok: true, value: { kid: key.kid } });
    }
    const onlyNew = await importVerificationKeys([newJwk]);
    const jws = await signDetached(body, kind, oldKey);
    expect(await verifyDetached(body, jws, kind, onlyNew)).toEqual({ ok: false, error: 'signature_unknown_key' });
    expect(await verifyDetached(body, jws, kind, new Map())).toEqual({ ok: false, error: 'signature_unknown_key' });
  });
});

describe('a body is not believed', () => {
  it.each([null, undefined, '', 'x', 'a.b', 'a..', '..b', 'a.b.c', 'a..b.c', '...'])(
    'without a detached signature: %j',
    async (jws) => {
      expect(await verifyDetached(body, jws, kind, both)).toEqual({ ok: false, error: 'signature_missing' });
    },
  );

  it('with any byte changed, added or lost', async () => {
    const jws = await signDetached(body, kind, oldKey);
    const changed = [...body.keys()].map((at) => body.map((byte, index) => (index === at ? byte ^ 1 : byte)));
    for (const bytes of [
      ...changed,
      body.slice(1),
      body.slice(0, -1),
      Uint8Array.from([...body, 32]),
      new Uint8Array(),
    ]) {
      expect(await verifyDetached(bytes, jws, kind, both)).toEqual({ ok: false, error: 'signature_invalid' });
    }
  });

  it.each<SignedKind>(['marvel-usage-reply', 'marvel-usage-batch'])(
    'as a page when it was signed as %s',
    async (other) => {
      const jws = await signDetached(body, other, oldKey);
      expect(await verifyDetached(body, jws, kind, both)).toEqual({ ok: false, error: 'signature_wrong_kind' });
      const disguised = withHeader(jws, (header) => ({ ...header, typ: kind }));
      expect(await verifyDetached(body, disguised, kind, both)).toEqual({ ok: false, error: 'signature_invalid' });
    },
  );

  it('under the name of another known key', async () => {
    const jws = withHeader(await signDetached(body, kind, oldKey), (header) => ({ ...header, kid: '2026-11' }));
    expect(await verifyDetached(body, jws, kind, both)).toEqual({ ok: false, error: 'signature_invalid' });
  });

  it.each(['2026-12', '', 7, null, undefined])('under a kid of %j', async (kid) => {
    const jws = withHeader(await signDetached(body, kind, oldKey), (header) => ({ ...header, kid }));
    expect(await verifyDetached(body, jws, kind, both)).toEqual({ ok: false, error: 'signature_unknown_key' });
  });

  it.each([
    ['no algorithm', { alg: 'none' }],
    ['an HMAC with the public key', { alg: 'HS256' }],
    ['another curve', { alg: 'ES256' }],
    ['an encoded payload', { b64: true }],
    ['an extension nobody knows', { crit: ['b64', 'exp'], exp: 1 }],
  ])('with a header that asks for %s', async (_name, change) => {
    const jws = withHeader(await signDetached(body, kind, oldKey), (header) => ({ ...header, ...change }));
    expect(await verifyDetached(body, jws, kind, both)).toEqual({ ok: false, error: 'signature_invalid' });
  });

  it('with a header that is no JSON object', async () => {
    const [, , signature = ''] = (await signDetached(body, kind, oldKey)).split('.');
    for (const header of ['!', toBase64Url('x'), toBase64Url('null'), toBase64Url('"text"')]) {
      expect(await verifyDetached(body, `${header}..${signature}`, kind, both)).toEqual({
        ok: false,
        error: 'signature_unknown_key',
      });
    }
  });

  it('with a signature that was cut or is none', async () => {
    const jws = await signDetached(body, kind, oldKey);
    for (const broken of [jws.slice(0, -4), `${jws.slice(0, -4)}AAAA`, jws.replace(/\.\..*/, '..AA'), `${jws}AA`]) {
      expect(await verifyDetached(body, broken, kind, both)).toEqual({ ok: false, error: 'signature_invalid' });
    }
  });
});

describe('a key', () => {
  it('signs only with its private half and a kid', async () => {
    const { d: _private, ...publicJwk } = oldJwk;
    const { kid: _kid, ...nameless } = oldJwk;
    await expect(importSigningKey(publicJwk)).rejects.toThrow('needs kid and d');
    await expect(importSigningKey(nameless)).rejects.toThrow('needs kid and d');
    await expect(importVerificationKeys([nameless])).rejects.toThrow('needs kid');
  });

  it('is Ed25519 and nothing else', async () => {
    const rsaLike: JWK = { kty: 'RSA', kid: 'k', n: 'AQAB', e: 'AQAB', d: 'AQAB' };
    const otherCurve: JWK = { ...oldJwk, crv: 'X25519' };
    const shared: JWK = { kty: 'oct', kid: 'k', k: 'c2VjcmV0', d: 'x' };
    for (const jwk of [rsaLike, otherCurve, shared]) {
      await expect(importSigningKey(jwk)).rejects.toThrow('not Ed25519');
      await expect(importVerificationKeys([jwk])).rejects.toThrow('not Ed25519');
    }
  });

  it('verifies with its public half, even if it was given with the private one', async () => {
    const { d: _private, ...publicJwk } = oldJwk;
    const jws = await signDetached(body, kind, oldKey);
    for (const keys of [await importVerificationKeys([publicJwk]), await importVerificationKeys([oldJwk])]) {
      expect(keys.get('2026-10')?.type).toBe('public');
      expect(await verifyDetached(body, jws, kind, keys)).toMatchObject({ ok: true });
    }
  });
});

test('the digests of a body are its SHA-256, as RFC 9530 writes it and as a batch names the one before', async () => {
  expect(await contentDigest(utf8('{"hello": "world"}\n'))).toBe(
    'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:',
  );
  expect(await bodyDigest(utf8('abc'))).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
  expect(await bodyDigest(new Uint8Array())).toBe('47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU');
});
