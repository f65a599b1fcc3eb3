import { verifyWebhook as verify, type WebhookFailure as Failure } from '@marvel/shared/webhook-signature';
import type { WebhookEvent, WebhookFailure } from '../schema-types.ts';

/** Why a webhook is not believed. Answer it with a 400 and do nothing. */
export class MarvelWebhookError extends Error {
  override readonly name = 'MarvelWebhookError';
  readonly code: WebhookFailure;

  constructor(code: WebhookFailure) {
    super(meanings[code]);
    this.code = code;
  }
}

const meanings: Record<Failure, string> = {
  signature_missing: 'the request has no Marvel-Signature',
  signature_malformed: 'Marvel-Signature is not of the form t=<unix>,v1=<hex>',
  signature_wrong: 'the signature does not fit the body: another secret, or a body that was parsed and written again',
  too_old: 'the signature is too old or from the future: an old message that is sent again, or a clock that is wrong',
  event_malformed: 'the signature is good, but the body is no event that this release knows',
};

/** A webhook as an endpoint received it. */
export interface ReceivedWebhook {
  /** The body, byte for byte as it came. */
  readonly body: string;
  /** The header `Marvel-Signature`. */
  readonly signature: string | null | undefined;
  /** `whsec_…`, of this endpoint. */
  readonly secret: string;
  /** How far its time may lie from the present. Default 300 s. */
  readonly toleranceS?: number | undefined;
  /** Default: now. */
  readonly nowMs?: number | undefined;
}

/** The event of a webhook that Marvel sent. Errors: rejects with `MarvelWebhookError`. */
export async function verifyWebhook(received: ReceivedWebhook): Promise<WebhookEvent> {
  const { body, signature, secret, toleranceS, nowMs = Date.now() } = received;
  const verified = await verify({
    body,
    header: signature,
    secret,
    nowS: Math.floor(nowMs / 1000),
    ...(toleranceS === undefined ? {} : { toleranceS }),
  });
  if (!verified.ok) throw new MarvelWebhookError(verified.error);
  return verified.value;
}
