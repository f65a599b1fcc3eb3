import type { AuthorizedSource } from '@marvel/shared/api/authorized-source';
import { canonicalHost } from '@marvel/shared/destination';
import type { Failure } from '@marvel/shared/failures';
import { err, ok } from '@marvel/shared/result';
import { Host } from '@marvel/shared/units';
import * as v from 'valibot';
import { endpoint, type Endpoint } from '../../http/endpoint.ts';
import { authorizeSource } from '../../routes/authorized-sources/authorize-source.ts';
import { deleteSourceOf, listAuthorizedSources } from '../../store/authorized-source.ts';
import { type AgePlace, maxPageRows } from '../../store/page.ts';

/** A list is read whole; far more pages than an account has. */
const maxPages = 100;

const api = '/dialects/proxymesh/api';
const tag = 'ProxyMesh';

const addIp = endpoint({
  method: 'POST',
  path: `${api}/ip/add`,
  access: 'account',
  tag,
  summary: 'Let the clients of an address in without credentials',
  /** Without one it is the address that asks. */
  body: v.object({ ip: v.optional(Host) }),
  reply: { status: 200, description: 'The address.', body: v.strictObject({ ip: v.string() }) },
  failures: ['conflict'],
  idempotent: true,
  async handle({ body, identity: { accountId }, headers, once }, services) {
    const value = body.ip ?? headers.get('CF-Connecting-IP') ?? '';
    const given = { accountId, kind: 'ip', value, subUserId: null } as const;
    const made = await authorizeSource(given, once, (source) => ({ ip: source.value }), services);
    return made.ok ? made : err(ofField('ip', made.error));
  },
});

const addHostname = endpoint({
  method: 'POST',
  path: `${api}/hostname/add`,
  access: 'account',
  tag,
  summary: 'Let the clients of a host name in without credentials',
  body: v.object({ hostname: Host }),
  reply: {
    status: 200,
    description: 'The host name, and the addresses that it stands for now.',
    body: v.strictObject({ hostname: v.string(), ips: v.array(v.string()) }),
  },
  failures: ['conflict'],
  idempotent: true,
  async handle({ body, identity: { accountId }, once }, services) {
    const given = { accountId, kind: 'hostname', value: body.hostname, subUserId: null } as const;
    const made = await authorizeSource(given, once, showHostname, services);
    return made.ok ? made : err(ofField('hostname', made.error));
  },
});

/** Both kinds of source are called by their kind. */
export const sourceEndpoints: readonly Endpoint[] = [
  addIp,
  deleting('ip'),
  listing('ip'),
  addHostname,
  deleting('hostname'),
  listing('hostname'),
];

function deleting(kind: 'ip' | 'hostname'): Endpoint {
  return endpoint({
    method: 'POST',
    path: `${api}/${kind}/delete`,
    access: 'account',
    tag,
    summary: `Withdraw the authorisation of an ${kind}`,
    body: v.object({ [kind]: Host }),
    reply: { status: 204, description: 'Deleted.' },
    failures: [],
    async handle({ body, identity: { accountId } }, { db }) {
      const given = { accountId, source: kind, value: canonicalHost(body[kind] ?? '') };
      const deleted = await deleteSourceOf(db, given);
      if (deleted.ok || deleted.error.code !== 'not_found') return deleted;
      return err(wrongField(kind, 'is not authorised'));
    },
  });
}

function listing(kind: 'ip' | 'hostname'): Endpoint {
  const name = `${kind}s`;
  return endpoint({
    method: 'GET',
    path: `${api}/${name}`,
    access: 'account',
    tag,
    summary: `List the authorised ${name}`,
    reply: { status: 200, description: 'Newest first.', body: v.record(v.string(), v.array(v.string())) },
    failures: [],
    async handle({ identity: { accountId } }, { db }) {
      const values: string[] = [];
      let after: AgePlace | undefined;
      for (let pages = 0; pages < maxPages; pages += 1) {
        const listed = await listAuthorizedSources(db, accountId, { limit: maxPageRows, after });
        if (!listed.ok) return listed;
        const page = listed.value.slice(0, maxPageRows);
        values.push(...page.filter(({ source }) => source === kind).map(({ value }) => value));
        if (listed.value.length <= maxPageRows) break;
        const last = page.at(-1);
        after = last === undefined ? undefined : [last.place, last.id];
      }
      return ok({ [name]: values });
    },
  });
}

function showHostname({ value, addresses }: AuthorizedSource) {
  return { hostname: value, ips: addresses };
}

/** A failure of the one value that a form has, by the name that the form has for it. */
function ofField(field: string, failure: Failure): Failure {
  const [issue] = failure.issues ?? [];
  return issue === undefined ? failure : { ...wrongField(field, issue.message), code: failure.code };
}

/** What is said of a field of a form. */
export function wrongField(field: string, message: string): Failure {
  return { code: 'invalid', message: `${field}: ${message}`, issues: [{ field, message }] };
}
