import { describe, expect, test } from 'vitest';
import { signWebhook, verifyWebhook, webhookToleranceS } from './webhook-signature.ts';

const secret = `whsec_${'a'.repeat(64)}`;
const timeS = 1_800_000_000;
const body = JSON.stringify({
  id: 'evt_0123456789',
  type: 'balance.low',
  created_at: '2026-11-21T12:00:00.000Z',
  account_id: 'acc_0123456789',
  data: { balance_bytes: -5, threshold_bytes: 0 },
});

async function verify(header: string | null, given: { body?: string; secret?: string; nowS?: number } = {}) {
  return verifyWebhook({ body, secret, nowS: timeS, ...given, header });
}

test('a signed event is believed, and read', async () => {
  const header = await signWebhook(body, [secret], timeS);
  const value: unknown = JSON.parse(body);
  expect(await verify(header)).toEqual({ ok: true, value });
});

test('the signature is the HMAC of time and body that other programs make', async () => {
  // printf '%s.%s' "$time" "$body" | openssl dgst -sha256 -hmac "$secret"
  const expected = '400bc56e2bf86bcd7e9a96e4eb9a18d5c336843d2f6fb868a65770bf4201f059';
  expect(await signWebhook(body, [secret], timeS)).toBe(`t=${timeS},v1=${expected}`);
});

test('while two secrets are good either is enough', async () => {
  const other = `whsec_${'b'.repeat(64)}`;
  const header = await signWebhook(body, [other, secret], timeS);
  expect((await verify(header)).ok).toBe(true);
  expect((await verify(header, { secret: other })).ok).toBe(true);
  expect(await verify(header, { secret: `whsec_${'c'.repeat(64)}` })).toEqual({ ok: false, error: 'signature_wrong' });
});

describe('what is not believed', () => {
  test.each([
    ['another body', { body: body.replace('-5', '-6') }, 'signature_wrong'],
    ['another secret', { secret: `${secret}x` }, 'signature_wrong'],
    ['an old message', { nowS: timeS + webhookToleranceS + 1 }, 'too_old'],
    ['one from the future', { nowS: timeS - webhookToleranceS - 1 }, 'too_old'],
  ] as const)('%s', async (_, given, error) => {
    expect(await verify(await signWebhook(body, [secret], timeS), given)).toEqual({ ok: false, error });
  });

  test('a time other than the signed one', async () => {
    const header = await signWebhook(body, [secret], timeS);
    const later = header.replace(`t=${timeS}`, `t=${timeS + 1}`);
    expect(await verify(later)).toEqual({ ok: false, error: 'signature_wrong' });
  });

  test.each([
    [null, 'signature_missing'],
    ['', 'signature_missing'],
    ['nonsense', 'signature_malformed'],
    [`t=${timeS}`, 'signature_malformed'],
    [`v1=${'0'.repeat(64)}`, 'signature_malformed'],
    [`t=${timeS},v1=zz`, 'signature_malformed'],
    [`t=${timeS},v0=${'0'.repeat(64)}`, 'signature_malformed'],
    [`t=${'9'.repeat(13)},v1=${'0'.repeat(64)}`, 'signature_malformed'],
    [`t=${timeS},v1=${'0'.repeat(64)}`, 'signature_wrong'],
  ])('the header %j', async (header, error) => {
    expect(await verify(header)).toEqual({ ok: false, error });
  });

  test('a signed body that is no event known here', async () => {
    for (const other of ['{', '{"type":"balance.high"}']) {
      const header = await signWebhook(other, [secret], timeS);
      expect(await verify(header, { body: other })).toEqual({ ok: false, error: 'event_malformed' });
    }
  });
});
