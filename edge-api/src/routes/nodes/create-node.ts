import { CreateNodeRequest, Node } from '@marvel/shared/api/node';
import { randomBase62 } from '@marvel/shared/key-format';
import type { Exit } from '@marvel/shared/exit';
import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import { keepsExit, marvelNetwork, nodeExpiry, type NodeWanted, stickyExit } from '../../domain/hold-exit.ts';
import { endpoint } from '../../http/endpoint.ts';
import { deliverSoon } from '../../jobs/deliver-webhooks.ts';
import type { Services } from '../../http/services.ts';
import { findCandidates } from '../../store/exit.ts';
import { findNode, saveNode } from '../../store/node.ts';
import { readBalance } from '../../store/usage.ts';
import { showNode } from './show-node.ts';

const sessionCharacters = 16;

export const createNode = endpoint({
  method: 'POST',
  path: '/v1/nodes',
  access: 'session',
  tag: 'Nodes',
  summary: 'Hold an exit',
  description: 'The same session again keeps its exit while that fits, and for ten minutes from now.',
  body: CreateNodeRequest,
  fieldFailures: {
    country: { missing: 'target_missing_country', wrong: 'target_invalid_country' },
    session: { wrong: 'target_invalid_session' },
    min_purity: { wrong: 'target_invalid_min_purity' },
  },
  reply: { status: 201, description: 'The node.', body: Node },
  failures: ['balance_exhausted', 'no_capacity'],
  idempotent: true,
  async handle({ body, identity: { accountId }, once }, services) {
    const { db, env, nowMs, randomBytes } = services;
    const balance = await readBalance(db, accountId);
    if (!balance.ok) return balance;
    if (balance.value <= 0) return err({ code: 'balance_exhausted' });

    const session = body.session ?? randomBase62(sessionCharacters, randomBytes);
    const wanted = { accountId, session, country: body.country, minPurity: body.min_purity };
    const found = await findExit(wanted, body.session !== undefined, services);
    if (!found.ok) return found;
    const exit = found.value;
    const { country, minPurity } = wanted;
    const expiresAt = nodeExpiry(exit, nowMs);
    const answer = showNode({ session, minPurity, exit, expiresAt }, env);
    const pin = { accountId, session, exitId: exit.id, country, minPurity, expiresAt };
    const saved = await saveNode(db, pin, await once?.seal(answer));
    if (!saved.ok) return saved;
    deliverSoon(services, accountId);
    return ok(answer);
  },
});

/** The exit that the session has, if it fits what is asked now, or the one for it. */
async function findExit(
  wanted: NodeWanted,
  mayBeHeld: boolean,
  { db, nowMs }: Services,
): Promise<Result<Exit, Failure>> {
  if (mayBeHeld) {
    const held = await findNode(db, wanted.accountId, wanted.session);
    if (held.ok && keepsExit(held.value.exit, wanted, nowMs)) return ok(held.value.exit);
    if (!held.ok && held.error.code !== 'not_found') return held;
  }
  const candidates = await findCandidates(db, { network: marvelNetwork, ...wanted });
  if (!candidates.ok) return candidates;
  const exit = stickyExit(candidates.value, wanted, nowMs);
  return exit === undefined ? err({ code: 'no_capacity' }) : ok(exit);
}
