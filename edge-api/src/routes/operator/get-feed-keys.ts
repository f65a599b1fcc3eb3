import { FeedKeys } from '@marvel/shared/api/operator';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listGateways } from '../../store/gateway.ts';
import { feedKeyNames } from '../gateway/feed-signer.ts';

/** A gateway that has not read the feed for so long is not waited for; it starts with whatever its configuration says then. */
const awayMs = 3_600_000;

export const getFeedKeys = endpoint({
  method: 'GET',
  path: '/v1/operator/feed-keys',
  access: 'operator',
  tag: 'Operator',
  summary: 'Read which keys sign the feed, and which gateways know them',
  description:
    'To rotate: add the public half of the new key to the configuration of every gateway, set FEED_NEXT_KEY, wait until `may_switch`, make it FEED_SIGNING_KEY, and take what is `retired` out of the gateways.',
  reply: { status: 200, description: 'The keys.', body: FeedKeys },
  failures: [],
  duringMaintenance: true,
  async handle(_request, { db, env, nowMs }) {
    const listed = await listGateways(db);
    if (!listed.ok) return listed;
    const { current, next } = feedKeyNames(env);
    const present = listed.value.filter(({ feedSeenAt }) => nowMs - (feedSeenAt?.getTime() ?? 0) < awayMs);
    const known = new Set(present.flatMap(({ knows }) => knows ?? []));
    return ok({
      current,
      next,
      gateways: listed.value.map(({ id, knows, feedSeenAt }) => ({
        id,
        knows: knows === null ? null : [...knows],
        feed_seen_at: feedSeenAt?.toISOString() ?? null,
      })),
      may_switch: next !== null && present.every(({ knows }) => knows?.includes(next) === true),
      retired: [...known].filter((kid) => kid !== current && kid !== next).toSorted(),
    });
  },
});
