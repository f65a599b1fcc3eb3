import type { Node } from '@marvel/shared/api/node';
import type { Exit } from '@marvel/shared/exit';
import { dialOf } from '../../domain/dial.ts';
import type { Env } from '../../env.ts';

/** A held exit as the API shows it. */
export function showNode(
  held: { readonly session: string; readonly minPurity: number; readonly exit: Exit; readonly expiresAt: Date },
  env: Env,
): Node {
  const { session, minPurity, exit, expiresAt } = held;
  return {
    session,
    exit_ip: exit.exit_ip,
    country: exit.country,
    asn: exit.asn,
    purity: exit.purity,
    grade: exit.grade,
    seals: exit.seals,
    expires_at: expiresAt.toISOString(),
    dial: dialOf(env.GATEWAY_ADDRESS, { country: exit.country, session, minPurity }),
  };
}
