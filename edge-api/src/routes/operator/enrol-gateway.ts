import { EnrolGatewayRequest, EnrolledGateway } from '@marvel/shared/api/operator';
import { randomBase62 } from '@marvel/shared/key-format';
import { credentialDigest, tokenDigestInput } from '@marvel/shared/credential-digest';
import { err, ok } from '@marvel/shared/result';
import { importVerificationKeys } from '@marvel/shared/signature';
import { endpoint } from '../../http/endpoint.ts';
import { enrolGateway as enrolStoredGateway } from '../../store/gateway.ts';
import { newId } from '../../store/new-id.ts';

const tokenCharacters = 43;

export const enrolGateway = endpoint({
  method: 'POST',
  path: '/v1/operator/gateways',
  access: 'operator',
  tag: 'Operator',
  summary: 'Enrol a gateway',
  description: 'The token is shown once. Its batches must be signed with the private half of the key.',
  body: EnrolGatewayRequest,
  reply: { status: 201, description: 'The gateway and its token.', body: EnrolledGateway },
  failures: [],
  idempotent: true,
  duringMaintenance: true,
  async handle({ body: { name, public_key: jwk }, once }, { db, env, randomBytes, requestId }) {
    const id = newId('gtw');
    const publicKey = { kty: jwk.kty, crv: jwk.crv, x: jwk.x, kid: id };
    try {
      await importVerificationKeys([publicKey]);
    } catch {
      return err({ code: 'invalid', message: 'public_key: is not an Ed25519 key' });
    }
    const token = `gw_${randomBase62(tokenCharacters, randomBytes)}`;
    const tokenDigest = await credentialDigest(env.CREDENTIAL_PEPPER, tokenDigestInput(token));
    const answer = { id, name, token };
    const audit = { action: 'gateway.enrol', target: id, detail: { name }, requestId };
    const made = await enrolStoredGateway(db, { id, name, tokenDigest, publicKey }, audit, await once?.seal(answer));
    return made.ok ? ok(answer) : made;
  },
});
