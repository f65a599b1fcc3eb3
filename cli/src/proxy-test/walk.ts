import { lookup } from 'node:dns/promises';
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { connect } from 'node:net';
import { once } from 'node:events';
import { MarvelTargetError, proxyUrl, readTarget } from '@marvel/sdk';
import {
  exitOf,
  MarvelConnectionError,
  proxyAgents,
  proxyErrorOf,
  tunnelOpener,
  type ExitInfo,
} from '@marvel/sdk/proxy';
import { passedBefore, stepNames, stepOf, type Step, type StepName, type Stop } from './steps.ts';

/** What to walk. */
export interface WalkPlan {
  readonly gateway: { readonly host: string; readonly port: number };
  readonly key: string;
  /** The proxy password. */
  readonly target: string;
  readonly url: URL;
  readonly signal: AbortSignal;
}

/** What was found on the way. */
export interface Walked {
  readonly steps: readonly Step[];
  /** Absent when nothing stopped it. */
  readonly stop?: Stop;
  readonly exit?: ExitInfo;
  /** Of the destination. */
  readonly status?: number;
  readonly requestId?: string;
}

const connectTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;

/** Goes the way of a request step by step, until one does not let it pass. */
export async function walk(plan: WalkPlan): Promise<Walked> {
  const { host, port } = plan.gateway;
  const passed: Step[] = [];
  try {
    const { address } = await lookup(host);
    passed.push({
      step: 'name',
      outcome: 'passed',
      detail: address === host ? `${host} is an address` : `${host} is ${address}`,
    });
  } catch {
    return stopped(passed, {
      step: 'name',
      code: 'name_not_found',
      reason: `the name ${host} cannot be resolved`,
      fix: 'Check the address of the gateway (`--gateway`, MARVEL_GATEWAY) and your name server.',
    });
  }
  try {
    await reach(host, port, plan.signal);
    passed.push({ step: 'tcp', outcome: 'passed', detail: `port ${port} answers` });
  } catch {
    plan.signal.throwIfAborted();
    return stopped(passed, {
      step: 'tcp',
      code: 'connection_failed',
      reason: `nothing answers at ${host}:${port}`,
      fix: 'Check the port, and whether a firewall lets you out to it; `marvel status` says whether the service is up.',
    });
  }
  return walkTunnel(plan, passed);
}

async function reach(host: string, port: number, signal: AbortSignal): Promise<void> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.any([signal, AbortSignal.timeout(connectTimeoutMs)]) });
  } finally {
    socket.destroy();
  }
}

/** A well-formed target with no exit: whoever is let as far as that has good credentials, and no tunnel is opened. */
const nowhere = 'country-ZZ';

async function walkTunnel(plan: WalkPlan, before: readonly Step[]): Promise<Walked> {
  try {
    readTarget(plan.target);
  } catch (error) {
    if (!(error instanceof MarvelTargetError)) throw error;
    const refusal = await refusalOf(plan, nowhere);
    if (refusal?.stop?.step === 'credentials')
      return { ...refusal, steps: [...before, ...stepsFrom('credentials', refusal.stop)] };
    const { code, message, fix } = error;
    return stopped([...before, { step: 'credentials', outcome: 'passed' }], {
      step: 'target',
      code,
      reason: message,
      fix,
    });
  }
  const refused = await refusalOf(plan, plan.target);
  if (refused?.stop !== undefined) {
    const { stop } = refused;
    return { ...refused, steps: merge(before, refused.steps, stop) };
  }
  return walkDestination(plan, before);
}

/** Asks for the tunnel. `undefined` when it opens; it is closed at once, and costs nothing. */
async function refusalOf(plan: WalkPlan, target: string): Promise<Walked | undefined> {
  const proxy = proxyUrl({ gateway: gatewayOf(plan), key: plan.key, target });
  try {
    const { socket } = await tunnelOpener({ proxy })(hostOf(plan.url), portOf(plan.url), plan.signal);
    socket.destroy();
    return undefined;
  } catch (error) {
    plan.signal.throwIfAborted();
    return explain(error);
  }
}

function explain(error: unknown): Walked {
  const refusal = proxyErrorOf(error);
  if (refusal !== undefined && refusal.code !== 'unknown') {
    const { code, reason, fix = '', requestId } = refusal;
    const stop = { step: stepOf(code), code, reason, fix };
    const steps = passedBefore(code).map((step): Step => ({ step, outcome: 'passed' }));
    return { steps, stop, ...(requestId === undefined ? {} : { requestId }) };
  }
  if (refusal !== undefined || error instanceof MarvelConnectionError) {
    return {
      steps: [],
      stop: {
        step: 'credentials',
        code: 'no_gateway',
        reason: 'what answers there is no Marvel gateway',
        fix: 'Check the port: the marvel listener is 9000 by default. Something on the way, such as a firewall, may also cut in.',
      },
    };
  }
  throw error;
}

async function walkDestination(plan: WalkPlan, before: readonly Step[]): Promise<Walked> {
  const agents = proxyAgents({ proxy: proxyUrl({ gateway: gatewayOf(plan), key: plan.key, target: plan.target }) });
  const done: Step[] = [
    ...before,
    ...(['credentials', 'target', 'budget'] as const).map((step): Step => ({ step, outcome: 'passed' })),
  ];
  let exit: ExitInfo | undefined;
  try {
    const response = await fetchThrough(plan, agents);
    exit = exitOf(response);
    response.destroy();
    const status = response.statusCode ?? 0;
    const steps: Step[] = [
      ...done,
      { step: 'exit', outcome: 'passed', detail: describeExit(exit) },
      { step: 'destination', outcome: 'passed', detail: `${plan.url.host} answered ${status}` },
    ];
    return { steps, status, ...(exit === undefined ? {} : { exit }) };
  } catch (error) {
    plan.signal.throwIfAborted();
    if (proxyErrorOf(error) !== undefined) {
      const explained = explain(error);
      return explained.stop === undefined
        ? explained
        : { ...explained, steps: merge(before, explained.steps, explained.stop) };
    }
    return stopped([...done, { step: 'exit', outcome: 'passed' }], {
      step: 'destination',
      code: 'destination_failed',
      reason: `${plan.url.host} was reached and did not answer as it should: ${error instanceof Error ? error.message : ''}`,
      fix: 'Try the address without the proxy. Over TLS, check that its certificate is one you trust.',
    });
  }
}

async function fetchThrough(plan: WalkPlan, agents: ReturnType<typeof proxyAgents>): Promise<IncomingMessage> {
  const { url } = plan;
  const signal = AbortSignal.any([plan.signal, AbortSignal.timeout(requestTimeoutMs)]);
  return new Promise((resolve, reject) => {
    const asked =
      url.protocol === 'https:'
        ? getHttps(url, { agent: agents.https, signal }, resolve)
        : getHttp(url, { agent: agents.http, signal }, resolve);
    asked.on('error', reject);
  });
}

function describeExit(exit: ExitInfo | undefined): string {
  if (exit === undefined) return '';
  const { exitIp, country, asn, grade, purity, session } = exit;
  const sticky = session === undefined ? '' : `, session generation ${session.generation}`;
  return `${exitIp} in ${country}, AS${asn}, grade ${grade}, purity ${purity}${sticky}`;
}

function gatewayOf({ gateway: { host, port } }: WalkPlan): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

function portOf({ protocol, port }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

/** What was seen before, what the gateway let pass, and the rest. */
function merge(before: readonly Step[], passed: readonly Step[], stop: Stop): readonly Step[] {
  const known = new Map([...passed, ...before].map((step) => [step.step, step]));
  return stepNames.map((step) =>
    step === stop.step ? { step, outcome: 'failed' } : (known.get(step) ?? { step, outcome: 'unknown' }),
  );
}

function stopped(passed: readonly Step[], stop: Stop): Walked {
  return { steps: merge(passed, [], stop), stop };
}

function stepsFrom(first: StepName, stop: Stop): readonly Step[] {
  return stepNames
    .slice(stepNames.indexOf(first))
    .map((step) => ({ step, outcome: step === stop.step ? 'failed' : 'unknown' }));
}
