import { errors, openapi, status } from '../resources/about.ts';
import { accounts, me, sessions } from '../resources/account.ts';
import { bundles, checkout, invoices } from '../resources/billing.ts';
import { apiKeys, authorizedSources, keys, subUsers } from '../resources/credentials.ts';
import { gateway } from '../resources/gateway.ts';
import { operator } from '../resources/operator.ts';
import { receipts } from '../resources/receipts.ts';
import { availability, nodes } from '../resources/reserve.ts';
import { customers, plans, subscriptions } from '../resources/subscriptions.ts';
import { ledger, rejections, usage } from '../resources/usage.ts';
import { webhookDeliveries, webhookEndpoints } from '../resources/webhooks.ts';
import { createApi, type Api } from './api.ts';
import { sendCall, type Sender } from './call.ts';
import { systemClock, type Clock } from './clock.ts';
import type { ReplyInfo } from './reply-info.ts';
import { maxTries } from './retry-policy.ts';

const defaultTimeoutMs = 30_000;

export interface MarvelOptions {
  /** Where the control API is, such as `https://api.example.com`. */
  readonly baseUrl: string | URL;
  /** Of a session (`sess_…`), the operator or a gateway; a function is asked at each call. */
  readonly token?: string | (() => string | undefined) | undefined;
  /** For each try, the reply's body included. Default 30 s. */
  readonly timeoutMs?: number | undefined;
  /** The most times that one call is sent, 1 to 5; fewer where a person waits. Default 5. */
  readonly maxTries?: number | undefined;
  /** Told of every reply that a call ends with. */
  readonly onReply?: ((info: ReplyInfo) => void) | undefined;
  /** Default: that of the runtime. */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** Default: that of the runtime. */
  readonly clock?: Clock | undefined;
  /** Spreads retries; uniform in [0, 1). Default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/**
 * The control API: a method for each route of `/v1`.
 *
 * Every method can reject with `MarvelAPIError`, `MarvelConnectionError`, or the reason of its `signal`.
 */
export class Marvel {
  readonly #options: MarvelOptions;
  readonly accounts;
  readonly sessions;
  readonly me;
  readonly keys;
  readonly apiKeys;
  readonly subUsers;
  readonly authorizedSources;
  readonly nodes;
  readonly availability;
  readonly usage;
  readonly ledger;
  readonly receipts;
  readonly rejections;
  readonly bundles;
  readonly checkout;
  readonly invoices;
  readonly plans;
  readonly customers;
  readonly subscriptions;
  readonly webhookEndpoints;
  readonly webhookDeliveries;
  readonly errors;
  readonly status;
  readonly openapi;
  readonly gateway;
  readonly operator;

  constructor(options: MarvelOptions) {
    this.#options = options;
    const api = apiOf(options);
    this.accounts = accounts(api);
    this.sessions = sessions(api);
    this.me = me(api);
    this.keys = keys(api);
    this.apiKeys = apiKeys(api);
    this.subUsers = subUsers(api);
    this.authorizedSources = authorizedSources(api);
    this.nodes = nodes(api);
    this.availability = availability(api);
    this.usage = usage(api);
    this.ledger = ledger(api);
    this.receipts = receipts(api);
    this.rejections = rejections(api);
    this.bundles = bundles(api);
    this.checkout = checkout(api);
    this.invoices = invoices(api);
    this.plans = plans(api);
    this.customers = customers(api);
    this.subscriptions = subscriptions(api);
    this.webhookEndpoints = webhookEndpoints(api);
    this.webhookDeliveries = webhookDeliveries(api);
    this.errors = errors(api);
    this.status = status(api);
    this.openapi = openapi(api);
    this.gateway = gateway(api);
    this.operator = operator(api);
  }

  /** The same client as somebody else. */
  withToken(token: MarvelOptions['token']): Marvel {
    return new Marvel({ ...this.#options, token });
  }
}

function apiOf(options: MarvelOptions): Api {
  const { baseUrl, token, timeoutMs, onReply, fetch: given, clock, random } = options;
  const sender: Sender = {
    baseUrl: new URL(baseUrl),
    token: typeof token === 'function' ? token : () => token,
    // Called as a method of the sender, the runtime's own would refuse.
    fetch: given ?? (async (url, init) => fetch(url, init)),
    clock: clock ?? systemClock,
    random: random ?? Math.random,
    timeoutMs: timeoutMs ?? defaultTimeoutMs,
    maxTries: options.maxTries ?? maxTries,
    onReply,
  };
  return createApi(async (method, path, spec) => sendCall(sender, method, path, spec));
}
