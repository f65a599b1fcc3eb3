import { Bundle } from '@marvel/shared/api/billing';
import {
  EnrolledGateway,
  ExitImportReport,
  FleetStatus,
  OperatorExitList,
  OperatorGatewayList,
} from '@marvel/shared/api/operator';
import { Plan, PlanList } from '@marvel/shared/api/plan';
import type { DestinationPolicy } from '@marvel/shared/feed';
import { err, ok, type Result } from '@marvel/shared/result';
import { bytesPerGb } from '@marvel/shared/units';
import { newSigningKey, type PrivateJwk, type SecretStore } from '../state/secrets.ts';
import { NoBody, type Api, type ApiFailure } from './api.ts';
import { evidenceOf, transportOf, type PlacedExit } from './exits.ts';

/** What a gateway process is started with. */
export interface Enrolment {
  readonly id: string;
  readonly token: string;
  /** Signs its batches; the edge has the public half. */
  readonly signingKey: PrivateJwk;
}

const bundles = [
  { id: 'bnd_starter', name: '5 GB', bytes: 5 * bytesPerGb, price_cents: 1_500, currency: 'usd' },
  { id: 'bnd_standard', name: '25 GB', bytes: 25 * bytesPerGb, price_cents: 6_500, currency: 'usd' },
  { id: 'bnd_bulk', name: '100 GB', bytes: 100 * bytesPerGb, price_cents: 22_000, currency: 'usd' },
];

const plan = {
  name: '50 GB a month',
  bytes: 50 * bytesPerGb,
  price_cents: 10_000,
  currency: 'usd',
  interval: 'month',
  threads: 1_000,
};

/** Exits are judged anew at each start, so this only has to outlast one that runs long. */
const exitLifetimeMs = 30 * 86_400_000;
/** The most a page of a list holds; the stack has fewer exits. */
const pageLimit = 100;

/** Puts the bundles on sale. Errors: `ApiFailure`. */
export async function saveBundles(api: Api, operatorToken: string): Promise<Result<void, ApiFailure>> {
  for (const { id, ...body } of bundles) {
    const path = `/v1/operator/bundles/${id}`;
    const saved = await api.call({ method: 'PUT', path, token: operatorToken, body, reply: Bundle });
    if (!saved.ok) return saved;
  }
  return ok(undefined);
}

/** Offers a plan, unless an earlier start has. Errors: `ApiFailure`. */
export async function offerPlan(api: Api, operatorToken: string): Promise<Result<void, ApiFailure>> {
  const path = '/v1/operator/plans';
  const listed = await api.call({ method: 'GET', path: `${path}?limit=1`, token: operatorToken, reply: PlanList });
  if (!listed.ok || listed.value.data.length > 0) return listed.ok ? ok(undefined) : listed;
  const made = await api.call({ method: 'POST', path, token: operatorToken, body: plan, reply: Plan });
  return made.ok ? ok(undefined) : made;
}

/** Says which destinations the fleet serves. Errors: `ApiFailure`. */
export async function setPolicy(
  api: Api,
  operatorToken: string,
  policy: DestinationPolicy,
): Promise<Result<void, ApiFailure>> {
  const path = '/v1/operator/fleet';
  const set = await api.call({ method: 'PUT', path, token: operatorToken, body: { policy }, reply: FleetStatus });
  return set.ok ? ok(undefined) : set;
}

/** Makes the Reserve hold these exits and no others: those of an earlier start that moved since are dropped. */
export async function replaceExits(
  api: Api,
  operatorToken: string,
  exits: readonly PlacedExit[],
  agentToken: string,
): Promise<Result<void, ApiFailure>> {
  const path = '/v1/operator/exits';
  const expires_at = new Date(Date.now() + exitLifetimeMs).toISOString();
  const lines = exits.map((exit) => ({
    network: exit.network,
    country: exit.country,
    state: exit.state,
    city: exit.city,
    asn: exit.asn,
    exit_ip: exit.exitIp,
    transport: transportOf(exit, agentToken),
    expires_at,
    evidence: evidenceOf(exit),
  }));
  const imported = await api.call({
    method: 'POST',
    path,
    token: operatorToken,
    body: { exits: lines },
    reply: ExitImportReport,
  });
  if (!imported.ok) return imported;
  const refused = imported.value.data.find(({ outcome }) => outcome !== 'added' && outcome !== 'updated');
  if (refused !== undefined) {
    return err({ code: 'unexpected_answer', request: `POST ${path}`, status: 200, body: JSON.stringify(refused) });
  }
  const ours = new Set(imported.value.data.map(({ id }) => id));
  const listed = await api.call({
    method: 'GET',
    path: `${path}?limit=${pageLimit}`,
    token: operatorToken,
    reply: OperatorExitList,
  });
  if (!listed.ok) return listed;
  for (const { id } of listed.value.data.filter((exit) => !ours.has(exit.id))) {
    const dropped = await api.call({ method: 'DELETE', path: `${path}/${id}`, token: operatorToken, reply: NoBody });
    if (!dropped.ok) return dropped;
  }
  return ok(undefined);
}

/** Revokes every enrolled gateway whose token nobody has any more. */
async function revokeLost(
  api: Api,
  operatorToken: string,
  name: string,
  keptId: string | undefined,
): Promise<Result<boolean, ApiFailure>> {
  const path = '/v1/operator/gateways';
  const listed = await api.call({ method: 'GET', path, token: operatorToken, reply: OperatorGatewayList });
  if (!listed.ok) return listed;
  const named = listed.value.data.filter((gateway) => gateway.name === name);
  for (const { id } of named.filter((gateway) => gateway.id !== keptId)) {
    const revoked = await api.call({ method: 'DELETE', path: `${path}/${id}`, token: operatorToken, reply: NoBody });
    if (!revoked.ok) return revoked;
  }
  return ok(named.some(({ id }) => id === keptId));
}

/**
 * Gives the gateway of that name its id and token: those of an earlier start while the edge still knows them, else new
 * ones. Errors: `ApiFailure`.
 */
export async function enrolGateway(
  api: Api,
  secrets: SecretStore,
  name: string,
): Promise<Result<Enrolment, ApiFailure>> {
  const { operator_token: operatorToken, gateways } = secrets.current;
  const before = gateways[name];
  const isKnown = await revokeLost(api, operatorToken, name, before?.enrolled?.id);
  if (!isKnown.ok) return isKnown;
  const enrolledBefore = before?.enrolled ?? undefined;
  if (isKnown.value && before !== undefined && enrolledBefore !== undefined) {
    return ok({ ...enrolledBefore, signingKey: before.signing_key });
  }

  const signingKey = before?.signing_key ?? newSigningKey();
  const { kty, crv, x } = signingKey;
  const made = await api.call({
    method: 'POST',
    path: '/v1/operator/gateways',
    token: operatorToken,
    body: { name, public_key: { kty, crv, x } },
    reply: EnrolledGateway,
  });
  if (!made.ok) return made;
  const enrolled = { id: made.value.id, token: made.value.token };
  await secrets.update({ gateways: { ...secrets.current.gateways, [name]: { signing_key: signingKey, enrolled } } });
  return ok({ ...enrolled, signingKey });
}
