import type { Result } from '@marvel/shared/result';
import { and, eq, gte, lt, sql } from 'drizzle-orm';
import { attempt, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { exactTime } from './page.ts';
import { credential } from './schema/credential.ts';
import { rejection } from './schema/usage.ts';

/** Requests of one credential that were refused alike, within a period. */
export interface Rejection {
  readonly code: string;
  readonly dialect: string;
  readonly credentialId: string;
  readonly kind: 'key' | 'sub_user' | 'authorized_source';
  readonly count: number;
  readonly lastAt: Date;
  /** RFC 3339 with microseconds: what orders the list, exactly. */
  readonly place: string;
}

/**
 * What an account's clients were refused in [from, to), in whole hours, the last refused first: up to `limit`, and one
 * more if there are more. Errors: `unavailable`. Cost: O(hours x credentials x codes of the period).
 */
export async function listRejections(
  db: Database,
  accountId: string,
  wanted: {
    readonly from: Date;
    readonly to: Date;
    readonly code?: string | undefined;
    readonly limit: number;
    /** The last row of the page before. One that is refused again meanwhile moves to the front. */
    readonly after?: readonly [place: string, credentialId: string, dialect: string, code: string] | undefined;
  },
): Promise<Result<readonly Rejection[], Unavailable>> {
  const { code } = wanted;
  const [place, ...group] = wanted.after ?? [];
  const lastAt = sql`max(${rejection.lastAt})`;
  const order = sql`(${lastAt}, ${rejection.credentialId}, ${rejection.dialect}, ${rejection.code})`;
  return attempt(() =>
    db
      .select({
        code: rejection.code,
        dialect: rejection.dialect,
        credentialId: rejection.credentialId,
        kind: credential.kind,
        count: sql`sum(${rejection.count})`.mapWith(Number),
        lastAt: lastAt.mapWith(rejection.lastAt),
        place: exactTime(lastAt),
      })
      .from(rejection)
      .innerJoin(credential, eq(credential.id, rejection.credentialId))
      .where(
        and(
          eq(rejection.accountId, accountId),
          gte(rejection.hour, wanted.from),
          lt(rejection.hour, wanted.to),
          code === undefined ? undefined : eq(rejection.code, code),
        ),
      )
      .groupBy(rejection.credentialId, rejection.dialect, rejection.code, credential.kind)
      .having(
        place === undefined
          ? undefined
          : sql`${order} < (${place}::timestamptz, ${sql.join(
              group.map((part) => sql`${part}`),
              sql`, `,
            )})`,
      )
      .orderBy(sql`${order} desc`)
      .limit(wanted.limit + 1),
  );
}
