import { CreatedKey } from '@marvel/shared/api/key';
import { ok, type Result } from '@marvel/shared/result';
import type { SecretStore } from '../state/secrets.ts';
import { NoBody, type Api, type ApiFailure } from './api.ts';
import { creditFirstBytes, enter } from './enter.ts';

/**
 * An account of the stack itself, whose key a start tries the whole way with: what the demo account has used is what its
 * user did.
 */
export interface CheckAccount {
  /** A key that is newer than all that gateways have to hear of. Errors: `ApiFailure`. */
  makeKey(): Promise<Result<string, ApiFailure>>;
  /** Revokes the key and signs out. Errors: `ApiFailure`. */
  leave(): Promise<Result<void, ApiFailure>>;
}

const email = 'start-check@example.com';
/** No byte of a start is billed; an account without any is refused. */
const firstBytes = 1_000_000;

/** Makes the account, or finds it as an earlier start left it, and signs in. Errors: `ApiFailure`. */
export async function obtainCheckAccount(api: Api, secrets: SecretStore): Promise<Result<CheckAccount, ApiFailure>> {
  const { demo, operator_token: operatorToken } = secrets.current;
  const entered = await enter(api, email, demo.password);
  if (!entered.ok) return entered;
  const { account_id: accountId, token } = entered.value;
  const reason = 'first bytes of the account that a start is checked with';
  const credited = await creditFirstBytes(api, operatorToken, accountId, { bytes: firstBytes, reason });
  if (!credited.ok) return credited;
  let keyId: string | undefined;
  return ok({
    async makeKey() {
      const body = { label: 'start' };
      const made = await api.call({ method: 'POST', path: '/v1/keys', token, body, reply: CreatedKey });
      if (!made.ok) return made;
      keyId = made.value.id;
      return ok(made.value.key);
    },
    async leave() {
      if (keyId !== undefined) {
        const revoked = await api.call({ method: 'DELETE', path: `/v1/keys/${keyId}`, token, reply: NoBody });
        if (!revoked.ok) return revoked;
      }
      return api.call({ method: 'DELETE', path: '/v1/sessions', token, reply: NoBody });
    },
  });
}
