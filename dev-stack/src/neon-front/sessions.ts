import { err, ok, type Result } from '@marvel/shared/result';
import { DatabaseError, Pool, type PoolClient } from 'pg';
import type { FrontFailure } from './failure.ts';
import type { Target } from './target.ts';

/** Sessions on the local server, pooled by whom they are for. */
export interface Sessions {
  /** A session for one request; hand it back with `release()`, or `release(true)` when it is not idle. */
  open(target: Target): Promise<Result<PoolClient, FrontFailure>>;
  /** Ends every session; a later `open` starts anew. */
  close(): Promise<void>;
}

/** Together they stay below the server's 200 sessions and leave some for tests and WebSocket clients. */
const maxPools = 4;
const maxSessionsPerPool = 40;
/** Requests that wait for a session of their pool; a longer queue would only time out. */
const maxWaitingPerPool = 1_000;
const openTimeoutMs = 30_000;
/** The server ends a statement that holds its session longer. */
const statementTimeoutMs = 120_000;

/** Removes the pool that was used longest ago and does nothing now. */
function evictIdlePool(pools: Map<string, Pool>): boolean {
  for (const [key, pool] of pools) {
    if (pool.waitingCount > 0 || pool.idleCount < pool.totalCount) continue;
    pools.delete(key);
    pool.end().catch(() => undefined); // a pool is ended once only, so this cannot fail
    return true;
  }
  return false;
}

/** Opens sessions on the server at 127.0.0.1 and the given port. */
export function createSessions(postgresPort: number): Sessions {
  const pools = new Map<string, Pool>(); // in the order of their last use

  function poolFor(target: Target): Pool | undefined {
    const key = JSON.stringify([target.user, target.password, target.database]);
    let pool = pools.get(key);
    if (pool === undefined) {
      if (pools.size >= maxPools && !evictIdlePool(pools)) return undefined;
      pool = new Pool({
        ...target,
        host: '127.0.0.1',
        port: postgresPort,
        max: maxSessionsPerPool,
        connectionTimeoutMillis: openTimeoutMs,
        statement_timeout: statementTimeoutMs,
        application_name: 'neon-front',
      });
      // A session that the server ends leaves the pool by itself, and who has it open learns it from its next statement.
      // Without listeners, one for idle sessions and one for those that are out, it would end this process.
      pool.on('error', () => undefined);
      pool.on('connect', (client) => client.on('error', () => undefined));
    }
    pools.delete(key);
    pools.set(key, pool);
    return pool;
  }

  return {
    async open(target) {
      const pool = poolFor(target);
      if (pool === undefined)
        return err({ code: 'busy', message: `more than ${maxPools} users and databases at once` });
      if (pool.waitingCount >= maxWaitingPerPool) {
        return err({ code: 'busy', message: `more than ${maxWaitingPerPool} requests wait for a session` });
      }
      try {
        return ok(await pool.connect());
      } catch (error) {
        if (error instanceof DatabaseError) return err({ code: 'database', error });
        return err({ code: 'unreachable', message: `no session could be opened: ${String(error)}` });
      }
    },
    async close() {
      const ending = [...pools.values()];
      pools.clear();
      await Promise.all(ending.map(async (pool) => pool.end()));
    },
  };
}
