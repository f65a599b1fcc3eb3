import type { Key, Marvel } from '@marvel/sdk';
import { failures } from '@marvel/shared/failures';
import { parseTarget, type Target } from '@marvel/shared/target';
import { formatBytes } from '../../format/bytes.ts';
import { countryName } from '../../format/country.ts';
import { describeProblem } from '../../session/problem.ts';

/** One question of the test, and its answer. */
export interface Step {
  readonly title: string;
  readonly outcome: 'good' | 'warn' | 'bad';
  readonly detail: string;
  /** What to do about it, when something is to be done. */
  readonly fix?: string;
  /** Explains it in the documentation. */
  readonly code?: string;
}

interface Asked {
  readonly marvel: Marvel;
  /** The key as typed; only its first characters are compared, since the API tells no more. */
  readonly key: string;
  readonly password: string;
  readonly signal: AbortSignal;
}

const prefixLength = 12;
/** Begins the name of a session that the test holds and gives back. */
const probePrefix = 'dashboard_test_';

/**
 * Asks the API what a gateway would ask itself, in the same order and until something is in the way: target, key, balance,
 * exit. The exit is chosen by the function that the gateways use, over the same records. What a page of a browser cannot do
 * is to open a tunnel, so nothing is sent to a destination, and no bytes are used.
 */
export async function checkTarget(asked: Asked): Promise<readonly Step[]> {
  const steps: Step[] = [];
  const target = parseTarget(asked.password);
  if (!target.ok) {
    const { reason, fix } = failures[target.error];
    return [{ title: 'Target', outcome: 'bad', detail: reason, fix, code: target.error }];
  }
  steps.push({ title: 'Target', outcome: 'good', detail: `Reads as ${describeTarget(target.value)}.` });
  for (const look of [checkKey, checkBalance, checkExit]) {
    const step = await look(asked, target.value).catch((error: unknown): Step => {
      const { message, fix, code } = describeProblem(error);
      return { title: titles.get(look) ?? 'API', outcome: 'bad', detail: message, fix, code };
    });
    steps.push(step);
    if (step.outcome === 'bad') break;
  }
  return steps;
}

function describeTarget({ country, session, minPurity }: Target): string {
  const sticky = session === undefined ? 'a new exit for each connection' : `one exit kept for session ${session}`;
  const pure = minPurity === 0 ? '' : `, purity ${minPurity} or more`;
  return `${countryName(country)}, ${sticky}${pure}`;
}

async function checkKey({ marvel, key, signal }: Asked, { country }: Target): Promise<Step> {
  const title = 'Key';
  const keys = await marvel.keys.list({ signal });
  const found = keys.find(({ prefix, revoked_at }) => revoked_at === null && key.startsWith(prefix));
  if (key.length < prefixLength || found === undefined) {
    const detail = 'None of your keys that are in use begins like this.';
    return { title, outcome: 'bad', detail, fix: failures.unauthenticated.fix, code: 'unauthenticated' };
  }
  return judgeKey(title, found, country);
}

function judgeKey(title: string, { label, prefix, limits }: Key, country: string): Step {
  const name = label === '' ? prefix : label;
  if (limits.paused === true) {
    return { title, outcome: 'bad', detail: `${name} is paused.`, fix: 'Edit the key and take the pause away.' };
  }
  if (limits.expires_at !== undefined && Date.parse(limits.expires_at) <= Date.now()) {
    return { title, outcome: 'bad', detail: `${name} has expired.`, fix: 'Edit the key, or make a new one.' };
  }
  if (limits.countries !== undefined && !limits.countries.includes(country)) {
    const detail = `${name} is limited to ${limits.countries.join(', ')}.`;
    return { title, outcome: 'bad', detail, fix: 'Ask for one of these countries, or edit the key.' };
  }
  if (limits.source_ips !== undefined) {
    return { title, outcome: 'warn', detail: `${name} is in use, from ${limits.source_ips.join(', ')} only.` };
  }
  return { title, outcome: 'good', detail: `${name} is in use.` };
}

async function checkBalance({ marvel, signal }: Asked): Promise<Step> {
  const title = 'Balance';
  const usage = await marvel.usage.get({ from: new Date(), group_by: 'day' }, { signal });
  const left = usage.balance_bytes;
  if (left > 0) return { title, outcome: 'good', detail: `${formatBytes(left)} left.` };
  const { reason, fix } = failures.balance_exhausted;
  return { title, outcome: 'bad', detail: reason, fix, code: 'balance_exhausted' };
}

async function checkExit({ marvel, signal }: Asked, { country, session, minPurity }: Target): Promise<Step> {
  const held = (await marvel.nodes.list({ signal })).some((node) => node.session === session);
  const name = session ?? `${probePrefix}${Date.now()}`;
  const wanted = { country, session: name, min_purity: minPurity };
  const node = await marvel.nodes.create(wanted, { signal });
  // What the test held it gives back, and nothing that was held before.
  if (!held) await marvel.nodes.release(name, { signal });
  const detail =
    `${session === undefined ? 'For example' : 'This session gets'} ${node.exit_ip}, AS${node.asn}, ` +
    `grade ${node.grade}, purity ${node.purity}.`;
  return { title: 'Exit', outcome: 'good', detail };
}

const titles = new Map<(asked: Asked, target: Target) => Promise<Step>, string>([
  [checkKey, 'Key'],
  [checkBalance, 'Balance'],
  [checkExit, 'Exit'],
]);
