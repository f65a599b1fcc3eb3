import { describe, expect, test } from 'vitest';
import { answerTtlMs, openOnce } from './once.ts';

const body = new TextEncoder().encode('{"label":"a"}');

async function open(header = 'key-1', pepper = 'pepper', scope = 'acc_1\nPOST /v1/keys', bytes = body) {
  const once = await openOnce(header, pepper, scope, bytes, 1000);
  if (!once.ok || once.value === undefined) throw new Error('no idempotency key');
  return once.value;
}

describe('openOnce', () => {
  test('gives nothing without a header, and refuses one that cannot be a key', async () => {
    expect(await openOnce(null, 'pepper', 'scope', body, 0)).toEqual({ ok: true, value: undefined });
    for (const header of ['', 'a b', 'ä', 'x'.repeat(256)]) {
      expect(await openOnce(header, 'pepper', 'scope', body, 0)).toMatchObject({
        ok: false,
        error: { code: 'invalid' },
      });
    }
  });

  test('a repeat opens what the first request sealed', async () => {
    const stored = await (await open()).seal({ key: 'mk_live_secret' });
    expect(stored.expiresAtMs).toBe(1000 + answerTtlMs);
    expect((await open()).id).toBe(stored.id);
    expect(await (await open()).open(stored)).toEqual({ ok: true, value: { key: 'mk_live_secret' } });
  });

  test('the same key with another body is a conflict', async () => {
    const stored = await (await open()).seal({ key: 'mk_live_secret' });
    const other = await open('key-1', 'pepper', 'acc_1\nPOST /v1/keys', new TextEncoder().encode('{}'));
    expect(other.id).toBe(stored.id);
    expect(await other.open(stored)).toMatchObject({ ok: false, error: { code: 'conflict' } });
  });

  test('another key, scope or pepper is another request', async () => {
    const others = [
      await open('key-2'),
      await open('key-1', 'other'),
      await open('key-1', 'pepper', 'acc_2\nPOST /v1/keys'),
    ];
    const ids = new Set([await open(), ...others].map(({ id }) => id));
    expect(ids.size).toBe(4);
    expect(new Set([await open(), ...others].map(({ token }) => token)).size).toBe(4);
  });

  test('nobody opens it without the idempotency key, though they have all that is stored and the pepper', async () => {
    const stored = await (await open()).seal({ key: 'mk_live_secret' });
    expect(JSON.stringify(stored)).not.toContain('mk_live');
    const thief = await open('key-2');
    await expect(thief.open({ bodyDigest: (await thief.seal(0)).bodyDigest, sealed: stored.sealed })).rejects.toThrow(
      'operation',
    );
  });

  test('a stored answer that was tampered with is not believed', async () => {
    const once = await open();
    const stored = await once.seal({ key: 'mk_live_secret' });
    const [iv = '', sealed = ''] = stored.sealed.split('.');
    const flipped = `${iv}.${sealed.startsWith('A') ? 'B' : 'A'}${sealed.slice(1)}`;
    await expect(once.open({ ...stored, sealed: flipped })).rejects.toThrow('operation');
  });
});
