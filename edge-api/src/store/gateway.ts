import { err, ok, type Result } from '@marvel/shared/result';
import { and, asc, eq, inArray, isNull, or, sql } from 'drizzle-orm';
import type { JWK } from 'jose';
import { answerConstraint, answerStatements, type StoredAnswer } from './answer.ts';
import {
  attempt,
  attemptOne,
  attemptUnique,
  type Conflict,
  type NotFound,
  type Unavailable,
} from './database-error.ts';
import type { Database } from './database.ts';
import { type AuditEntry, auditStatement } from './operator-audit.ts';
import { gateway, gatewayFeed } from './schema/gateway.ts';

/** The most gateways a list shows. */
export const maxListedGateways = 10_000;

const maxFeedBehind = 10_000;

/** A gateway that is enrolled and not revoked. */
export interface Gateway {
  readonly id: string;
  readonly name: string;
  readonly enrolledAt: Date;
  /** When its last batch came; `null` before the first. */
  readonly lastSeenAt: Date | null;
  readonly openTunnels: number;
  /** How far it has read the feed, and when it said so; exact to 15 s. */
  readonly feedCursor: string | null;
  readonly feedSeenAt: Date | null;
  /** Records of the feed that it has not read, counted up to `maxFeedBehind`. */
  readonly feedBehind: number | null;
  /** The keys that it believes, as it last said. */
  readonly knows: readonly string[] | null;
  /** The version of its program, as it last said. */
  readonly version: string | null;
}

/** Enrols a gateway. Errors: `conflict` for a repeat under way, `unavailable`. */
export async function enrolGateway(
  db: Database,
  given: {
    readonly id: string;
    readonly name: string;
    /** `credentialDigest` of `tokenDigestInput`. */
    readonly tokenDigest: string;
    /** Public Ed25519 key, its `kid` the id of the gateway. */
    readonly publicKey: JWK;
  },
  audit: AuditEntry,
  answer?: StoredAnswer,
): Promise<Result<void, Conflict | Unavailable>> {
  const made = await attemptUnique([answerConstraint], () =>
    db.batch([db.insert(gateway).values(given), auditStatement(db, audit), ...answerStatements(db, answer)]),
  );
  return made.ok ? ok(undefined) : made;
}

/** Whose token it is, and the key that its batches must be signed with. Errors: `not_found`, also once revoked; `unavailable`. */
export async function findGatewayByToken(
  db: Database,
  tokenDigest: string,
): Promise<Result<{ readonly id: string; readonly publicKey: JWK }, NotFound | Unavailable>> {
  return attemptOne(() =>
    db
      .select({ id: gateway.id, publicKey: gateway.publicKey })
      .from(gateway)
      .where(and(eq(gateway.tokenDigest, tokenDigest), isNull(gateway.revokedAt))),
  );
}

/** The gateways by id; at most `maxListedGateways`. Errors: `unavailable`. */
export async function listGateways(db: Database): Promise<Result<readonly Gateway[], Unavailable>> {
  return attempt(() =>
    db
      .select({
        id: gateway.id,
        name: gateway.name,
        enrolledAt: gateway.enrolledAt,
        lastSeenAt: gateway.lastSeenAt,
        openTunnels: gateway.openTunnels,
        feedCursor: gatewayFeed.cursor,
        feedSeenAt: gatewayFeed.seenAt,
        feedBehind: sql<number | null>`(select count(*)::integer from (
          select from feed_record r
          where (r.version, r.seq) > (split_part(${gatewayFeed.cursor}, '.', 1)::xid8,
            coalesce(nullif(split_part(${gatewayFeed.cursor}, '.', 2), ''), '0')::bigint)
          limit ${maxFeedBehind}) b where ${gatewayFeed.cursor} is not null)`,
        knows: gatewayFeed.knows,
        version: gatewayFeed.version,
      })
      .from(gateway)
      .leftJoin(gatewayFeed, eq(gatewayFeed.gatewayId, gateway.id))
      .where(isNull(gateway.revokedAt))
      .orderBy(asc(gateway.id))
      .limit(maxListedGateways),
  );
}

/** Revokes a gateway: its token is refused, and what it holds of budgets is free for others. Errors: `not_found`, `unavailable`. */
export async function revokeGateway(
  db: Database,
  id: string,
  audit: AuditEntry,
): Promise<Result<void, NotFound | Unavailable>> {
  const done = await attempt(() =>
    db.batch([
      db.select({ revoked: sql<boolean>`revoke_gateway(${id})` }).from(sql`(select) as always`),
      auditStatement(db, audit),
    ]),
  );
  if (!done.ok) return done;
  return done.value[0][0]?.revoked === true ? ok(undefined) : err({ code: 'not_found' });
}

/** The public keys of all gateways there ever were, by id; at most `maxListedGateways`. Errors: `unavailable`. */
export async function listGatewayKeys(
  db: Database,
): Promise<Result<readonly { readonly id: string; readonly publicKey: JWK }[], Unavailable>> {
  return attempt(() =>
    db
      .select({ id: gateway.id, publicKey: gateway.publicKey })
      .from(gateway)
      .orderBy(asc(gateway.id))
      .limit(maxListedGateways),
  );
}

/** Keeps what a gateway says of itself, where it is other than before; a token that is none's changes nothing. Errors: `unavailable`. */
export async function noteGateway(
  db: Database,
  tokenDigest: string,
  said: { readonly knows?: readonly string[]; readonly version?: string },
): Promise<Result<void, Unavailable>> {
  const own = db.select({ id: gateway.id }).from(gateway).where(eq(gateway.tokenDigest, tokenDigest));
  const { knows, version } = said;
  const isOther = or(
    knows === undefined ? undefined : sql`${gatewayFeed.knows} is distinct from ${JSON.stringify(knows)}::jsonb`,
    version === undefined ? undefined : sql`${gatewayFeed.version} is distinct from ${version}`,
  );
  const noted = await attempt(() =>
    db
      .update(gatewayFeed)
      .set(said)
      .where(and(inArray(gatewayFeed.gatewayId, own), isOther)),
  );
  return noted.ok ? ok(undefined) : noted;
}
