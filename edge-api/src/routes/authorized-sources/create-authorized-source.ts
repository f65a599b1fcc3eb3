import { AuthorizedSource, CreateAuthorizedSourceRequest } from '@marvel/shared/api/authorized-source';
import { err, ok } from '@marvel/shared/result';
import { authorizableAddresses, canonicalSource } from '../../domain/authorized-source.ts';
import { endpoint } from '../../http/endpoint.ts';
import { createAuthorizedSource as storeSource } from '../../store/authorized-source.ts';
import { readFleet } from '../../store/fleet.ts';
import { newId } from '../../store/new-id.ts';
import { findSubUser } from '../../store/sub-user.ts';
import { resolveHostname } from '../../vendor/resolve-hostname.ts';
import { showAuthorizedSource } from './show-authorized-source.ts';

export const createAuthorizedSource = endpoint({
  method: 'POST',
  path: '/v1/authorized-sources',
  access: 'session',
  tag: 'Authorised sources',
  summary: 'Let the clients of an address in without credentials',
  description:
    'A host name is looked up now and every minute; while that fails its last addresses count for an hour. An address belongs to one source of the whole service. Special-use addresses are refused unless the service itself serves them.',
  body: CreateAuthorizedSourceRequest,
  reply: { status: 201, description: 'The source.', body: AuthorizedSource },
  failures: ['conflict'],
  idempotent: true,
  async handle({ body: { kind, value: given, sub_user: subUserId = null }, identity, once }, { db, env, nowMs }) {
    const { accountId } = identity;
    const fleet = await readFleet(db);
    if (!fleet.ok) return fleet;
    const { policy } = fleet.value;
    const value = canonicalSource(kind, given, policy);
    if (!value.ok) return err({ code: 'invalid', message: `value: ${value.error}` });
    if (subUserId !== null) {
      const found = await findSubUser(db, accountId, subUserId);
      if (!found.ok && found.error.code !== 'not_found') return found;
      if (!found.ok) return err({ code: 'invalid', message: 'sub_user: is not one of yours' });
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
    const answer = showAuthorizedSource(source);
    const made = await storeSource(db, source, await once?.seal(answer));
    if (made.ok) return ok(answer);
    return made.error.code === 'conflict' ? err({ code: 'conflict', message: 'value: is authorised already' }) : made;
  },
});
