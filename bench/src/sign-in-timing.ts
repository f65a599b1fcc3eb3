import { randomBytes } from 'node:crypto';
import { createStack } from '@marvel/dev-stack/create-stack';
import { percentile } from './statistics.ts';

// How long a sign-in waits for its refusal, with an unknown e-mail address and with a wrong password, through the real Worker:
// `node bench/src/sign-in-timing.ts`. The two take turns, each round from an address of its own, which no limit knows.

const rounds = 200;
const warmUpRounds = 10;
/** Fewer sign-ins an account than its limit. */
const roundsPerAccount = 8;

await using stack = await createStack({ ephemeral: true });

async function post(path: string, email: string, round: number): Promise<{ answer: string; tookMs: number }> {
  const body = JSON.stringify({ email, password: randomBytes(12).toString('hex') });
  const from = `198.51.${100 + Math.floor(round / 250)}.${round % 250}`;
  const startedAtMs = performance.now();
  const reply = await fetch(`${stack.info.api}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'CF-Connecting-IP': from },
    body,
  });
  const answer = `${reply.status} ${await reply.text()}`;
  return { answer, tookMs: performance.now() - startedAtMs };
}

const newEmail = (): string => `${randomBytes(8).toString('hex')}@example.com`;
const cases = ['unknown e-mail', 'wrong password'] as const;
const tookMs: Record<(typeof cases)[number], number[]> = { 'unknown e-mail': [], 'wrong password': [] };
const answers = new Set<string>();
// Both are asked for as often: the first sign-in with an e-mail address makes what counts them.
let known = '';
let unknown = '';
for (let round = 0; round < warmUpRounds + rounds; round += 1) {
  if (round % roundsPerAccount === 0) {
    [known, unknown] = [newEmail(), newEmail()];
    await post('/v1/accounts', known, round);
  }
  // Which comes first changes, so that none is always the one after the other.
  for (const shown of round % 2 === 0 ? cases : cases.toReversed()) {
    const asked = await post('/v1/sessions', shown === 'wrong password' ? known : unknown, round);
    answers.add(asked.answer);
    if (round >= warmUpRounds) tookMs[shown].push(asked.tookMs);
  }
}
for (const shown of cases) {
  const [low, median, high] = [10, 50, 90].map((percent) => percentile(tookMs[shown], percent)?.toFixed(1));
  console.log(`${shown.padEnd(16)} median ${median} ms (p10 ${low}, p90 ${high}; ${rounds} sign-ins)`);
}
console.log(`answers: ${[...answers].join(' | ')}`);
