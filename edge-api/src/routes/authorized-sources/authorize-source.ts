import type { AuthorizedSource } from '@marvel/shared/api/authorized-source';
import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import { authorizableAddresses, canonicalSource } from '../../domain/authorized-source.ts';
import type { Once } from '../../http/once.ts';
import type { Services } from '../../http/services.ts';
import { createAuthorizedSource, maxSources } from '../../store/authorized-source.ts';
import { tooMany } from '../too-many.ts';
import { readFleet } from '../../store/fleet.ts';
import { newId } from '../../store/new-id.ts';
import { findSubUser } from '../../store/sub-user.ts';
import { resolveHostname } from '../../vendor/resolve-hostname.ts';
import { showAuthorizedSource } from './show-authorized-source.ts';

/**
 * Lets the clients of an address or host name in, and answers as `answerOf` says it.
 *
 * Errors: `invalid`, naming `value` or `sub_user`; `conflict` when it is authorised already; `unavailable`.
 */
export async function authorizeSource<T>(
  given: {
    readonly accountId: string;
    readonly kind: 'ip' | 'hostname';
    readonly value: string;
    readonly subUserId: string | null;
  },
  once: Once | undefined,
  answerOf: (source: AuthorizedSource) => T,
  { db, env, nowMs }: Services,
): Promise<Result<T, Failure>> {
  const { accountId, kind, subUserId } = given;
  const fleet = await readFleet(db);
  if (!fleet.ok) return fleet;
  const { policy } = fleet.value;
  const value = canonicalSource(kind, given.value, policy);
  if (!value.ok) return err(wrong('value', value.error));
  if (subUserId !== null) {
    const found = await findSubUser(db, accountId, subUserId);
    if (!found.ok && found.error.code !== 'not_found') return found;
    if (!found.ok) return err(wrong('sub_user', 'is not one of yours'));
  }
  const resolved = kind === 'hostname' ? await resolveHostname(env, value.value) : undefined;
  const createdAt = new Date(nowMs);
  const source = {
    id: newId('src'),
    accountId,
    subUserId,
    source: kind,
    value: value.value,
    addresses:
      resolved === undefined ? [value.value] : resolved.ok ? authorizableAddresses(resolved.value, policy) : [],
    createdAt,
    lookedUpAt: resolved === undefined ? null : createdAt,
    resolvedAt: resolved?.ok === true ? createdAt : null,
  };
  const answer = answerOf(showAuthorizedSource(source));
  const made = await createAuthorizedSource(db, source, await once?.seal(answer));
  if (made.ok) return ok(answer);
  if (made.error.code === 'too_many') return err(tooMany(maxSources, 'authorised sources'));
  return err(
    made.error.code === 'conflict' ? { ...wrong('value', 'is authorised already'), code: 'conflict' } : made.error,
  );
}

function wrong(field: string, message: string): Failure {
  return { code: 'invalid', message: `${field}: ${message}`, issues: [{ field, message }] };
}
