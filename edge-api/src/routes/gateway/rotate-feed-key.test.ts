import { FeedKeys } from '@marvel/shared/api/operator';
import { type FeedPosition, feedStart, openFeedPage } from '@marvel/shared/feed';
import { gatewayKeysHeader, importVerificationKeys, signatureHeader } from '@marvel/shared/signature';
import * as v from 'valibot';
import { afterAll, expect, test } from 'vitest';
import { type Edge, type FeedKeyPair, makeFeedKey, startEdge } from '../../../test-support/edge.ts';
import { enrolGateway, type Gateway } from '../../../test-support/gateway.ts';

const [current, next] = [makeFeedKey('feed-2025'), makeFeedKey('feed-2026')];
const rotating = await startEdge({ feedKey: current, vars: { FEED_NEXT_KEY: next.secret } });
/** What is deployed over it once the next key is to sign. */
const switched = await startEdge({ sameAs: rotating, feedKey: next });
afterAll(async () => {
  await switched[Symbol.asyncDispose]();
  await rotating[Symbol.asyncDispose]();
});

/** Polls as a gateway that is configured with these keys; gives what it makes of the page. */
async function poll(edge: Edge, gateway: Gateway, believed: readonly FeedKeyPair[]): Promise<string> {
  const reply = await edge.call('GET', '/v1/gateway/feed', {
    token: gateway.token,
    headers: { [gatewayKeysHeader]: believed.map(({ publicJwk }) => publicJwk.kid).join(',') },
  });
  expect(reply.status).toBe(200);
  const keys = await importVerificationKeys(believed.map(({ publicJwk }) => publicJwk));
  const position: FeedPosition = { fleet: 'test', epoch: 0, cursor: feedStart, issuedAtMs: 0 };
  const body = new TextEncoder().encode(reply.text);
  const page = await openFeedPage(body, reply.headers.get(signatureHeader), keys, position, Date.now());
  return page.ok ? 'believed' : page.error;
}

async function feedKeys(edge: Edge): Promise<v.InferOutput<typeof FeedKeys>> {
  const reply = await edge.call('GET', '/v1/operator/feed-keys', { token: edge.operatorToken });
  return v.parse(FeedKeys, reply.json);
}

/** What a gateway says is noted once its page is sent. */
async function untilNoted(edge: Edge, gateway: Gateway, believed: readonly FeedKeyPair[]): Promise<void> {
  const wanted = believed.map(({ publicJwk }) => publicJwk.kid);
  const maxLooks = 100;
  for (let looks = 0; looks < maxLooks; looks += 1) {
    const found = (await feedKeys(edge)).gateways.find(({ id }) => id === gateway.id);
    if (found?.knows?.join() === wanted.join()) return;
  }
  throw new Error('what the gateway knows was not noted');
}

test('the key that signs is replaced without a page that any gateway refuses, once all of them know the next', async () => {
  const gateways = [await enrolGateway(rotating), await enrolGateway(rotating)] as const;
  const [first, second] = gateways;
  for (const gateway of gateways) {
    expect(await poll(rotating, gateway, [current])).toBe('believed');
    await untilNoted(rotating, gateway, [current]);
  }
  expect(await feedKeys(rotating)).toMatchObject({ current: 'feed-2025', next: 'feed-2026', may_switch: false });

  expect(await poll(rotating, first, [current, next])).toBe('believed');
  await untilNoted(rotating, first, [current, next]);
  expect((await feedKeys(rotating)).may_switch).toBe(false);
  expect(await poll(rotating, second, [current, next])).toBe('believed');
  await untilNoted(rotating, second, [current, next]);
  expect(await feedKeys(rotating)).toMatchObject({ may_switch: true, retired: [] });

  for (const gateway of gateways) expect(await poll(switched, gateway, [current, next])).toBe('believed');
  expect(await poll(switched, first, [current])).toBe('signature_unknown_key');
  await poll(switched, first, [current, next]);
  expect(await feedKeys(switched)).toMatchObject({ current: 'feed-2026', next: null, retired: ['feed-2025'] });
  for (const gateway of gateways) {
    expect(await poll(switched, gateway, [next])).toBe('believed');
    await untilNoted(switched, gateway, [next]);
  }
  expect((await feedKeys(switched)).retired).toEqual([]);
});
