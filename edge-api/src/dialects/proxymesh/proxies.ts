import { err, ok } from '@marvel/shared/result';
import { Host } from '@marvel/shared/units';
import * as v from 'valibot';
import { gatewayDoor } from '../../domain/gateway-door.ts';
import type { Env } from '../../env.ts';
import { endpoint, type Endpoint } from '../../http/endpoint.ts';
import { wrongField } from './sources.ts';

const api = '/dialects/proxymesh/api';
const tag = 'ProxyMesh';
const OneProxy = v.object({ proxy: Host });

const listProxies = endpoint({
  method: 'GET',
  path: `${api}/proxies`,
  access: 'account',
  tag,
  summary: 'List the proxies',
  reply: { status: 200, description: 'Where to connect.', body: v.strictObject({ proxies: v.array(v.string()) }) },
  failures: [],
  async handle(_request, { env }) {
    return ok({ proxies: [proxyAddress(env)] });
  },
});

const addProxy = endpoint({
  method: 'POST',
  path: `${api}/proxy/add`,
  access: 'account',
  tag,
  summary: 'Authorise a proxy: every account has every one',
  body: OneProxy,
  reply: { status: 200, description: 'The proxy.', body: v.strictObject({ proxy: v.string() }) },
  failures: [],
  async handle({ body }, { env }) {
    return isProxy(body.proxy, env) ? ok({ proxy: proxyAddress(env) }) : err(wrongField('proxy', 'is not recognized'));
  },
});

const deleteProxy = endpoint({
  method: 'POST',
  path: `${api}/proxy/delete`,
  access: 'account',
  tag,
  summary: 'Withdraw a proxy: refused, since every account has every one',
  body: OneProxy,
  reply: { status: 204, description: 'Never.' },
  failures: ['forbidden'],
  async handle({ body }, { env }) {
    return err(isProxy(body.proxy, env) ? { code: 'forbidden' } : wrongField('proxy', 'is not recognized'));
  },
});

/** Headers that are the caller's secrets, which no reply repeats. */
const secretHeaders: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);

const showHeaders = endpoint({
  method: 'GET',
  path: `${api}/headers`,
  access: 'public',
  tag,
  summary: 'Show the headers that a request arrived with',
  reply: { status: 200, description: 'Name and value.', body: v.record(v.string(), v.string()) },
  failures: [],
  async handle({ headers }) {
    return ok(Object.fromEntries([...headers].filter(([name]) => !secretHeaders.has(name))));
  },
});

export const proxyEndpoints: readonly Endpoint[] = [listProxies, addProxy, deleteProxy, showHeaders];

function proxyAddress(env: Env): string {
  const { host, port } = gatewayDoor('proxymesh', env);
  return `${host}:${port}`;
}

/** With or without its port. */
function isProxy(given: string, env: Env): boolean {
  const named = given.toLowerCase();
  return named === proxyAddress(env).toLowerCase() || named === gatewayDoor('proxymesh', env).host.toLowerCase();
}
