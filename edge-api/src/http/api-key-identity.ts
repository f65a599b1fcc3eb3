import { isApiKey } from '@marvel/shared/key-format';
import { apiKeyDigestInput, credentialDigest } from '@marvel/shared/credential-digest';
import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import { findApiKey, type LiveApiKey, touchApiKey } from '../store/api-key.ts';
import type { Endpoint } from './endpoint.ts';
import type { Services } from './services.ts';

/** A key that was used more recently is not noted again. */
const touchAfterMs = 60_000;

/**
 * Finds the account that an API key speaks for. A key that may only look opens what changes nothing.
 *
 * Errors: `unauthenticated`, alike for an unknown, an expired, a revoked and a malformed one, and for a credential of
 * another kind; `forbidden`; `unavailable`.
 */
export async function identifyApiKey(
  { method }: Pick<Endpoint, 'method'>,
  key: string,
  services: Services,
): Promise<Result<LiveApiKey, Failure>> {
  // A typo costs no look-up.
  if (!isApiKey(key)) return err({ code: 'unauthenticated' });
  const digest = await credentialDigest(services.env.CREDENTIAL_PEPPER, apiKeyDigestInput(key));
  const found = await findApiKey(services.db, digest);
  if (!found.ok) return err({ code: found.error.code === 'not_found' ? 'unauthenticated' : found.error.code });
  const { id, status, access, lastUsedAt } = found.value;
  if (status === 'suspended') return err({ code: 'forbidden', message: 'This account is suspended' });
  if (access === 'read' && method !== 'GET') return err({ code: 'forbidden', message: 'This API key may only read' });
  if (services.nowMs - (lastUsedAt?.getTime() ?? 0) > touchAfterMs) services.afterwards(touch(id, services));
  return ok(found.value);
}

async function touch(id: string, { db, log }: Services): Promise<void> {
  try {
    await touchApiKey(db, id);
  } catch (error) {
    log.error('touch_api_key_failed', error);
  }
}
