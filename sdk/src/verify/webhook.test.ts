import { signWebhook } from '@marvel/shared/webhook-signature';
import { expect, test } from 'vitest';
import { MarvelWebhookError, verifyWebhook } from './webhook.ts';

const secret = `whsec_${'ab'.repeat(32)}`;
const nowMs = Date.parse('2026-11-20T12:00:00Z');
const event = {
  id: 'evt_0123456789',
  type: 'balance.low',
  created_at: '2026-11-20T12:00:00Z',
  account_id: 'acc_0123456789',
  data: { balance_bytes: 400_000, threshold_bytes: 500_000 },
};
const body = JSON.stringify(event);
const signature = await signWebhook(body, [secret], nowMs / 1000);

test('what Marvel signed is its event', async () => {
  expect(await verifyWebhook({ body, signature, secret, nowMs })).toEqual(event);
});

test.each([
  ['signature_missing', { signature: undefined }],
  ['signature_malformed', { signature: 'v1=x' }],
  ['signature_wrong', { body: `${body} ` }],
  ['signature_wrong', { secret: `whsec_${'cd'.repeat(32)}` }],
  ['too_old', { nowMs: nowMs + 301_000 }],
  ['too_old', { nowMs: nowMs + 11_000, toleranceS: 10 }],
] as const)('%s: %o', async (code, changed) => {
  const failure = verifyWebhook({ body, signature, secret, nowMs, ...changed });
  await expect(failure).rejects.toBeInstanceOf(MarvelWebhookError);
  await expect(failure).rejects.toMatchObject({ code });
});
