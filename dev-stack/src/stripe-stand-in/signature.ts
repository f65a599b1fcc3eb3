import { createHmac } from 'node:crypto';

/** The `Stripe-Signature` header of a body. Source: docs.stripe.com/webhooks, "Verify manually". */
export function signatureHeader(body: string, secret: string, signedAtSeconds: number): string {
  const digest = createHmac('sha256', secret).update(`${signedAtSeconds}.${body}`).digest('hex');
  return `t=${signedAtSeconds},v1=${digest}`;
}
