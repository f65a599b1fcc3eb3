import { afterAll, describe, expect, test } from 'vitest';
import { makeApiKey } from '../../test-support/api-key.ts';
import { askAsHost, type HostReply } from '../../test-support/ask-as-host.ts';
import { startEdge } from '../../test-support/edge.ts';
import { readOperations } from '../../test-support/operations.ts';

const edge = await startEdge({ vars: { DIALECT_HOSTS: 'api.mash.example=mashvisor' } });
afterAll(async () => edge[Symbol.asyncDispose]());

async function getFrom(host: string, path: string, key: string): Promise<HostReply> {
  return askAsHost(edge, host, path, { Accept: 'text/html', 'x-api-key': key });
}

describe('a host name of a mount', () => {
  test('shows the mount at its root, and nothing else', async () => {
    const { api_key: key } = await makeApiKey(edge, await edge.signUp());
    const known = await getFrom('api.mash.example', '/v1.1/client/keys', key);
    expect(known).toMatchObject({ status: 200, text: '{"status":"success","content":{"count":0,"results":[]}}' });
    expect((await getFrom('api.mash.example', '/v1.1/client/keys/', key)).status).toBe(200);
    expect((await getFrom('API.MASH.EXAMPLE:8443', '/v1.1/client/keys', key)).status).toBe(200);
    const other = await getFrom('api.mash.example', '/v1/bundles', key);
    expect(other.status).toBe(404);
    expect(JSON.parse(other.text)).toMatchObject({ status: 'error', code: 404 });
    expect((await getFrom('other.example', '/v1/bundles', key)).status).toBe(200);
    expect((await getFrom('other.example', '/v1.1/client/keys', key)).text).toContain('<html');
  });
});

describe('a mount', () => {
  test('speaks its convention where it has no such path or method, counts the request, and names it', async () => {
    const reply = await edge.call('POST', '/dialects/mashvisor/v1.1/client/keys', { body: {} });
    expect([reply.status, reply.json]).toEqual([405, { status: 'error', code: 405, message: 'Method not allowed' }]);
    expect(reply.headers.get('Allow')).toBe('GET, HEAD');
    expect(reply.headers.get('X-Marvel-Error')).toBe('method_not_allowed');
    expect(reply.headers.get('Link')).toBe('</docs/errors#method_not_allowed>; rel="help"');
    expect(reply.headers.get('X-RateLimit-Limit')).not.toBeNull();
    expect(reply.headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/);
    const absent = await edge.call('GET', '/dialects/mashvisor');
    expect(absent.json).toMatchObject({ status: 'error', code: 404 });
  });

  test('that there is not is answered as /v1 answers', async () => {
    const reply = await edge.call('GET', '/dialects/nobody/api');
    expect([reply.status, reply.json]).toEqual([404, { error: 'Not found' }]);
  });

  test('is no part of the document of /v1', async () => {
    const operations = readOperations((await edge.call('GET', '/v1/openapi.json')).json);
    expect(operations.filter(({ path }) => !path.startsWith('/v1/'))).toEqual([]);
  });
});
