import { ok, type Result } from '@marvel/shared/result';
import { importVerificationKeys, type VerificationKeys } from '@marvel/shared/signature';
import type { NotFound, Unavailable } from '../../store/database-error.ts';
import type { Database } from '../../store/database.ts';
import { findGatewayByToken } from '../../store/gateway.ts';

/** A gateway and the one key that its batches may be signed with. */
export interface KnownGateway {
  readonly id: string;
  readonly keys: VerificationKeys;
}

/** Far more than a fleet has; beyond it the one known longest is forgotten. */
const maxKnown = 10_000;

/**
 * The gateways that this isolate has met, by the digest of their token. Neither id nor key of a gateway ever changes; that
 * it was revoked is seen by the statement that settles, so what is known here only saves a round trip.
 */
const known = new Map<string, KnownGateway>();

/** Whose token it is. Errors: `not_found`, `unavailable`. */
export async function knowGateway(
  db: Database,
  tokenDigest: string,
): Promise<Result<KnownGateway, NotFound | Unavailable>> {
  const before = known.get(tokenDigest);
  if (before !== undefined) return ok(before);
  const found = await findGatewayByToken(db, tokenDigest);
  if (!found.ok) return found;
  const { id, publicKey } = found.value;
  const gateway = { id, keys: await importVerificationKeys([{ ...publicKey, kid: id }]) };
  const [oldest] = known.keys();
  if (known.size >= maxKnown && oldest !== undefined) known.delete(oldest);
  known.set(tokenDigest, gateway);
  return ok(gateway);
}

/** Forgets a gateway that was revoked. */
export function forgetGateway(tokenDigest: string): void {
  known.delete(tokenDigest);
}
