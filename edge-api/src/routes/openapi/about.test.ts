import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Catalogue } from '@marvel/shared/api/error';
import { Status } from '@marvel/shared/api/status';
import { failureCodes, failures } from '@marvel/shared/failures';
import { Validator } from '@seriousme/openapi-schema-validator';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { expectFailure, startEdge } from '../../../test-support/edge.ts';
import { readOperations } from '../../../test-support/operations.ts';

const dashboard = 'https://dashboard.example';

/** The names of all schemas that `shared/api` exports. */
async function exportedSchemaNames(): Promise<readonly string[]> {
  const folder = fileURLToPath(new URL('.', import.meta.resolve('@marvel/shared/api/account')));
  const files = (await readdir(folder)).filter((name) => /^[a-z-]+\.ts$/.test(name));
  const modules = await Promise.all(files.map((file): Promise<object> => import(`${folder}${file}`)));
  return modules
    .flatMap((module) => Object.entries(module))
    .filter(([, value]) => v.is(v.object({ kind: v.literal('schema') }), value))
    .map(([name]) => name);
}

const edge = await startEdge({ dashboardOrigin: dashboard });
afterAll(async () => edge[Symbol.asyncDispose]());

describe('GET /v1/openapi.json', () => {
  test('is a valid OpenAPI 3.1 document', async () => {
    const reply = await edge.call('GET', '/v1/openapi.json');
    expect(await new Validator().validate(v.parse(v.looseObject({}), reply.json))).toEqual({ valid: true });
    expect(reply.json).toMatchObject({ openapi: '3.1.1', servers: [{ url: 'http://api.example' }] });
  });

  test('tells of every method and path, and of only such failures as the catalogue gives the API', async () => {
    const operations = readOperations((await edge.call('GET', '/v1/openapi.json')).json);
    const names = operations.map(({ name }) => name);
    for (const name of [
      'POST /v1/accounts',
      'DELETE /v1/keys/{id}',
      'GET /v1/openapi.json',
      'POST /v1/gateway/usage',
    ]) {
      expect(names).toContain(name);
    }
    const known = new Set<string>(failureCodes.filter((code) => failures[code].api !== null));
    for (const { codes } of operations) expect([...codes].filter((code) => !known.has(code))).toEqual([]);
  });

  test('names every schema that shared/api exports', async () => {
    const { components } = v.parse(
      v.object({ components: v.object({ schemas: v.record(v.string(), v.unknown()) }) }),
      (await edge.call('GET', '/v1/openapi.json')).json,
    );
    const exported = await exportedSchemaNames();
    expect(exported).toContain('CreatePlanRequest');
    expect(exported.filter((name) => !Object.hasOwn(components.schemas, name))).toEqual([]);
  });

  test('names the schemas that requests and replies share', async () => {
    const document = v.parse(
      v.object({
        paths: v.object({ '/v1/keys': v.object({ post: v.unknown() }) }),
        components: v.object({ schemas: v.record(v.string(), v.unknown()) }),
      }),
      (await edge.call('GET', '/v1/openapi.json')).json,
    );
    expect(document.components.schemas).toMatchObject({
      CreateKeyRequest: { type: 'object', additionalProperties: false },
      Limits: { properties: { threads: { type: 'integer', minimum: 1 } } },
      ErrorBody: { required: ['error'] },
    });
    expect(document.paths['/v1/keys'].post).toMatchObject({
      requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/CreateKeyRequest' } } } },
      responses: { 201: { content: { 'application/json': { schema: { $ref: '#/components/schemas/CreatedKey' } } } } },
    });
  });
});

describe('GET /v1/errors', () => {
  test('is the catalogue, row by row', async () => {
    const reply = await edge.call('GET', '/v1/errors');
    const { data } = v.parse(Catalogue, reply.json);
    expect(data.map(({ code }) => code)).toEqual(failureCodes);
    expect(data.find(({ code }) => code === 'threads_exhausted')).toMatchObject({
      reason: 'Too many concurrent connections',
      marvel: 429,
      proxies_fo: { status: 453, body: 'exceeded threads limit' },
      socks5: { kind: 'reply', value: 2 },
      api: null,
    });
    expect(reply.headers.get('Cache-Control')).toBe('public, max-age=3600');
  });
});

async function readStatus() {
  return v.parse(Status, (await edge.call('GET', '/v1/status')).json);
}

describe('GET /v1/status', () => {
  test('tells of fleet and overspend bound', async () => {
    expect(await readStatus()).toMatchObject({ status: 'ok', database: 'ok', maintenance: false, fleet_size: 0 });
    for (const name of ['one', 'two']) {
      const { publicKey } = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
      const { kty, crv, x } = await crypto.subtle.exportKey('jwk', publicKey);
      const body = { name, public_key: { kty, crv, x } };
      const enrolled = await edge.call('POST', '/v1/operator/gateways', { token: edge.operatorToken, body });
      expect(enrolled.status).toBe(201);
    }
    expect(await readStatus()).toMatchObject({
      fleet_size: 2,
      gateways_live: 0,
      overspend_bound_bytes: 131_072,
      gateway_address: 'gateway.example:9000',
    });
  });
});

describe('headers', () => {
  test('every reply names its request and keeps a browser from making anything of it', async () => {
    const paths = ['/v1/errors', '/v1/me', '/nothing', '/v1/bundles'];
    const ids = new Set<string | null>();
    for (const path of paths) {
      const { headers } = await edge.call('GET', path, { headers: { 'X-Request-Id': 'mine' } });
      ids.add(headers.get('X-Request-Id'));
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
      expect(headers.get('Content-Security-Policy')).toBe("default-src 'none'; frame-ancestors 'none'");
      expect(headers.get('Referrer-Policy')).toBe('no-referrer');
      expect(headers.get('Content-Type')).toMatch(/^application\/json/);
    }
    expect(ids.size).toBe(paths.length);
    expect(ids).not.toContain('mine');
  });

  test('HEAD is GET without a body', async () => {
    const reply = await edge.call('HEAD', '/v1/bundles');
    expect([reply.status, reply.text, reply.headers.get('Content-Type')]).toEqual([200, '', 'application/json']);
  });

  test('pages of the dashboard may call the API and read its headers, those of other origins may not', async () => {
    const preflight = { 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization' };
    const allowed = await edge.call('OPTIONS', '/v1/keys', { headers: { Origin: dashboard, ...preflight } });
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('Access-Control-Allow-Origin')).toBe(dashboard);
    expect(allowed.headers.get('Access-Control-Allow-Headers')).toContain('Authorization');
    const read = await edge.call('GET', '/v1/me', { headers: { Origin: dashboard } });
    expect(read.headers.get('Access-Control-Allow-Origin')).toBe(dashboard);
    expect(read.headers.get('Access-Control-Expose-Headers')).toContain('X-Marvel-Error');
    expect(read.headers.get('Vary')).toContain('Origin');
    for (const origin of ['https://other.example', `${dashboard}.evil.example`, 'null', '']) {
      const refused = await edge.call('OPTIONS', '/v1/keys', { headers: { Origin: origin, ...preflight } });
      expectFailure(refused, 'method_not_allowed');
      expect(refused.headers.get('Access-Control-Allow-Origin')).toBeNull();
      const unread = await edge.call('GET', '/v1/errors', { headers: { Origin: origin } });
      expect(unread.headers.get('Access-Control-Allow-Origin')).toBeNull();
      expect(unread.headers.get('Vary')).toContain('Origin');
    }
  });
});
