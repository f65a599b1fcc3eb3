import { FeedCursor, type FeedPage, feedStart, maxPageRecords } from '@marvel/shared/feed';
import { err, ok } from '@marvel/shared/result';
import { Timestamp } from '@marvel/shared/units';
import * as v from 'valibot';
import { endpoint } from '../../http/endpoint.ts';
import { tunnelsElsewhere } from '../../domain/tunnels-elsewhere.ts';
import { readFeedPage } from '../../store/feed-page.ts';
import { signReply } from './feed-signer.ts';
import { SharedPages } from './shared-pages.ts';
import { noteGateway } from './note-gateway.ts';

/** For how long a page proves anything: a request and its reply take less, and a page kept back is soon worth nothing. */
const pageTtlMs = 300_000;

const FeedQuery = v.strictObject({
  since: v.optional(FeedCursor, feedStart),
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^(?:[1-9][0-9]{0,3}|10000)$/, `must be an integer from 1 to ${maxPageRecords}`)),
    String(maxPageRecords),
  ),
  /** `issued_at` of the newest page that the gateway believes. */
  issued_after: v.optional(Timestamp),
});

const sharedPages = new SharedPages();

export const getFeed = endpoint({
  method: 'GET',
  path: '/v1/gateway/feed',
  access: 'gateway',
  tag: 'Gateways',
  summary: 'Read the feed',
  description: 'A signed page of what gateways follow, after a cursor; from the start it is the snapshot.',
  query: FeedQuery,
  reply: { status: 200, description: 'A page, signed in Marvel-Signature.', contentType: 'application/json' },
  failures: [],
  duringMaintenance: true,
  async handle({ query, identity: { tokenDigest }, headers, replyHeaders }, services) {
    const { db, env, log, nowMs } = services;
    const { since } = query;
    const issuedAfterMs = query.issued_after === undefined ? 0 : Date.parse(query.issued_after);
    const wanted = { tokenDigest, since, limit: Number(query.limit), issuedAfterMs };
    const shared = sharedPages.find(wanted, nowMs);
    const read = shared === undefined ? await readFeedPage(db, wanted) : ok(shared);
    if (!read.ok) return read.error.code === 'not_found' ? err({ code: 'unauthenticated' }) : read;
    if (shared === undefined) sharedPages.keep(wanted, read.value, nowMs);
    const { epoch, issuedAt, to, head, recordsJson, tunnels, isAhead } = read.value;
    const elsewhereJson = JSON.stringify(tunnelsElsewhere(tunnels, tokenDigest));
    if (isAhead) log.info('feed_cursor_ahead', { since });
    const page: Omit<FeedPage, 'records' | 'elsewhere'> = {
      fleet: env.FLEET,
      epoch,
      from: since,
      to,
      // A database restored to an earlier state cannot vouch for what came after. The page says so by a head behind its own
      // place, which a gateway refuses as a rollback; once the epoch is raised it starts anew instead.
      head: isAhead ? feedStart : head,
      issued_at: issuedAt,
      expires_at: new Date(Date.parse(issuedAt) + pageTtlMs).toISOString(),
    };
    const body = new TextEncoder().encode(
      `${JSON.stringify(page).slice(0, -1)},"elsewhere":${elsewhereJson},"records":[${recordsJson}]}`,
    );
    noteGateway(tokenDigest, headers, services);
    await signReply(body, 'marvel-feed-page', env, replyHeaders);
    return ok(body);
  },
});
