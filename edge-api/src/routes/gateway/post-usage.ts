import type { Failure } from '@marvel/shared/failures';
import type { Leaf } from '@marvel/shared/receipt/digest-tree';
import { headBytes, headOf, leavesOf, rootOf } from '@marvel/shared/receipt/receipt';
import { err, ok, type Result } from '@marvel/shared/result';
import { bodyDigest, contentDigest, signatureHeader, verifyDetached } from '@marvel/shared/signature';
import { UsageBatch } from '@marvel/shared/usage-batch';
import { endpoint } from '../../http/endpoint.ts';
import { parseJsonBody } from '../../http/read-body.ts';
import { validate } from '../../http/validate.ts';
import { deliverSoon } from '../../jobs/deliver-webhooks.ts';
import { settleBatch } from '../../store/settle-batch.ts';
import { signReply } from './feed-signer.ts';
import { forgetGateway, type KnownGateway, knowGateway } from './known-gateways.ts';

/** A batch with 1,000 of everything is well below this, unless every record was refused for every reason. */
const maxBodyBytes = 4 * 1024 * 1024;
const unauthenticated: Failure = { code: 'unauthenticated' };

export const postUsage = endpoint({
  method: 'POST',
  path: '/v1/gateway/usage',
  access: 'gateway',
  tag: 'Gateways',
  summary: 'Post a usage batch',
  description:
    'Settles what was spent, and grants and takes back leases; once for each (gateway, boot, seq), however often it is sent. The batch is signed by its gateway in Marvel-Signature, the reply by the edge.',
  body: 'bytes',
  maxBodyBytes,
  reply: { status: 200, description: 'The answer to its leases, signed.', contentType: 'application/json' },
  failures: ['bad_request', 'conflict', 'forbidden', 'invalid', 'unsupported_media_type'],
  duringMaintenance: true,
  async handle({ body, headers, identity: { tokenDigest }, replyHeaders }, services) {
    const { db, env, log } = services;
    const gateway = await knowGateway(db, tokenDigest);
    if (!gateway.ok) return gateway.error.code === 'not_found' ? err(unauthenticated) : gateway;
    const batch = await openBatch(body, headers, gateway.value);
    if (!batch.ok) return batch;
    const leaves = await openReceipt(batch.value, gateway.value);
    if (!leaves.ok) return leaves;
    const settled = await settleBatch(db, batch.value, await bodyDigest(body), leaves.value);
    if (!settled.ok) {
      const failure = settled.error;
      if (failure.code === 'out_of_range') {
        // For good: sent again it would fail again, and hold up all that comes behind it.
        const { boot, seq } = batch.value;
        log.error('usage_batch_refused', new RangeError('beyond what can be counted'), {
          gateway: gateway.value.id,
          boot,
          seq,
        });
        return err({ code: 'invalid', message: 'records: add up to more than can be counted' });
      }
      if (failure.code !== 'not_found') return err(failure);
      forgetGateway(tokenDigest);
      return err(unauthenticated);
    }
    const { boot, seq } = batch.value;
    if (settled.value.isRepeat) log.info('usage_batch_repeated', { gateway: gateway.value.id, boot, seq });
    deliverSoon(services);
    const reply = new TextEncoder().encode(settled.value.replyJson);
    await signReply(reply, 'marvel-usage-reply', env, replyHeaders);
    return ok(reply);
  },
});

/**
 * Believes a batch that its gateway signed.
 *
 * Errors: `unauthenticated` for a signature that is not this gateway's; `bad_request`, `invalid`, `unsupported_media_type`
 * for a body that is not a batch; `forbidden` for a batch of another gateway.
 */
async function openBatch(
  body: Uint8Array,
  headers: Headers,
  gateway: KnownGateway,
): Promise<Result<UsageBatch, Failure>> {
  const digest = headers.get('Content-Digest');
  if (digest !== null && digest !== (await contentDigest(body))) {
    return err({ code: 'bad_request', message: 'Content-Digest: is not that of the body' });
  }
  const signature = await verifyDetached(body, headers.get(signatureHeader), 'marvel-usage-batch', gateway.keys);
  if (!signature.ok) return err(unauthenticated);
  const json = parseJsonBody(headers.get('content-type'), body);
  if (!json.ok) return json;
  const batch = validate(UsageBatch, json.value);
  if (!batch.ok) return batch;
  return batch.value.gateway === gateway.id ? batch : err({ code: 'forbidden' });
}

/**
 * Believes a receipt that fits the batch's records and that its gateway signed, so that it can be shown to the accounts.
 *
 * Errors: `invalid`.
 */
async function openReceipt(batch: UsageBatch, { id, keys }: KnownGateway): Promise<Result<readonly Leaf[], Failure>> {
  const { receipt, records } = batch;
  const leaves = leavesOf(receipt.secret, records);
  if (rootOf(receipt.secret, leaves) !== receipt.root) {
    return err({ code: 'invalid', message: 'receipt.root: is not that of the records' });
  }
  const signed = await verifyDetached(headBytes(headOf(batch)), receipt.signature, 'marvel-receipt', keys);
  if (signed.ok && signed.value.kid === id) return ok(leaves);
  return err({ code: 'invalid', message: 'receipt.signature: is not that of the gateway over its head' });
}
