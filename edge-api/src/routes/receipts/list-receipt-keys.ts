import { ReceiptKeys } from '@marvel/shared/api/receipt';
import { ok } from '@marvel/shared/result';
import * as v from 'valibot';
import { endpoint } from '../../http/endpoint.ts';
import { listGatewayKeys } from '../../store/gateway.ts';

export const listReceiptKeys = endpoint({
  method: 'GET',
  path: '/v1/receipts/keys',
  access: 'session',
  tag: 'Usage',
  summary: 'The public keys that receipts are signed with',
  description: 'A JWK Set of all gateways there ever were, revoked ones too: a key, once seen, never changes.',
  reply: { status: 200, description: 'Ed25519 keys; `kid` is the id of the gateway.', body: ReceiptKeys },
  failures: [],
  async handle(_request, { db }) {
    const listed = await listGatewayKeys(db);
    if (!listed.ok) return listed;
    return ok(
      v.parse(ReceiptKeys, {
        keys: listed.value.map(({ id, publicKey }) => ({
          kty: publicKey.kty,
          crv: publicKey.crv,
          x: publicKey.x,
          kid: id,
        })),
      }),
    );
  },
});
