import { afterAll, expect, test } from 'vitest';
import { startEdge } from '../../../test-support/edge.ts';

const edge = await startEdge({ vars: { PUBLIC_API_URL: 'https://api.example' } });
afterAll(async () => edge[Symbol.asyncDispose]());

test('302 sends plain http to https, whatever is asked, where the deployment has https', async () => {
  for (const path of ['/dialects/proxymesh/api/proxies/?a=1', '/dialects/proxymesh/api/nothing/']) {
    const reply = await edge.call('GET', path);
    expect([reply.status, reply.text]).toEqual([302, '']);
    expect(reply.headers.get('Location')).toBe(`https://api.example${path}`);
  }
  expect((await edge.call('GET', '/v1/bundles')).status).toBe(200);
});
