import { Node } from '@marvel/shared/api/node';
import { err, ok } from '@marvel/shared/result';
import { marvelNetwork, nodeExpiry, otherExit } from '../../domain/hold-exit.ts';
import { endpoint } from '../../http/endpoint.ts';
import { deliverSoon } from '../../jobs/deliver-webhooks.ts';
import { randomFraction } from '../../random.ts';
import { findCandidates } from '../../store/exit.ts';
import { findNode, saveNode } from '../../store/node.ts';
import { SessionParams } from './session-params.ts';
import { showNode } from './show-node.ts';

export const rotateNode = endpoint({
  method: 'POST',
  path: '/v1/nodes/{session}/rotate',
  access: 'session',
  tag: 'Nodes',
  summary: 'Hold another exit under the same session',
  description: 'Of the same country and as pure as was asked for. Without another one the present exit stays.',
  params: SessionParams,
  reply: { status: 200, description: 'The node with its new exit.', body: Node },
  failures: ['no_capacity'],
  async handle({ params, identity: { accountId } }, services) {
    const { db, env, nowMs } = services;
    const held = await findNode(db, accountId, params.session);
    if (!held.ok) return held;
    const { session, minPurity, exit: before } = held.value;
    const wanted = { accountId, session, country: held.value.country ?? before.country, minPurity };
    const candidates = await findCandidates(db, { network: marvelNetwork, ...wanted, without: [before.id] });
    if (!candidates.ok) return candidates;
    const exit = otherExit(candidates.value, wanted, randomFraction, nowMs);
    if (exit === undefined) return err({ code: 'no_capacity' });
    const expiresAt = nodeExpiry(exit, nowMs);
    const pin = { accountId, session, exitId: exit.id, country: wanted.country, minPurity, expiresAt };
    const saved = await saveNode(db, pin);
    if (!saved.ok) return saved;
    deliverSoon(services, accountId);
    return ok(showNode({ session, minPurity, exit, expiresAt }, env));
  },
});
