import * as v from 'valibot';

const Address = v.pipe(v.string(), v.regex(/^[^\s/:]+:[1-9][0-9]{0,4}$/, 'must be host:port'));
const Url = v.pipe(v.string(), v.url());
const Pid = v.pipe(v.number(), v.integer(), v.minValue(1));

/** Where one gateway listens; `null` for what it does not serve. */
export const GatewayInfo = v.strictObject({
  marvel: Address,
  /** The same with TLS to the proxy. */
  marvel_tls: v.nullable(Address),
  socks5: v.nullable(Address),
  proxies_fo: v.nullable(v.strictObject({ residential: Address, isp: Address, datacenter: Address })),
  proxymesh: v.nullable(Address),
  admin: Address,
});
export type GatewayInfo = v.InferOutput<typeof GatewayInfo>;

/** The contents of `stack.json`: how to reach a running stack, and as whom. */
export const StackInfo = v.strictObject({
  api: Url,
  operator_token: v.string(),
  /** The first gateway. */
  gateway: GatewayInfo,
  /** Every gateway, the first included. */
  gateways: v.array(GatewayInfo),
  /** The origin that answers with what it saw. */
  echo: Url,
  /** The same with TLS. */
  echo_tls: Url,
  /** PEM: what a client has to trust for TLS to the echo origin and to the gateways. */
  certificate_file: v.string(),
  /** The demo account: signed in, with a key and a balance. */
  account: v.strictObject({
    email: v.string(),
    password: v.string(),
    account_id: v.string(),
    token: v.string(),
    /** Opens proxies. */
    key: v.string(),
    /** Opens the mounts below `/dialects`. */
    api_key: v.string(),
  }),
  sub_user: v.strictObject({ username: v.string(), password: v.string() }),
  stripe: v.strictObject({ url: Url, webhook_secret: v.string() }),
  /** The dashboard, which the Worker serves beside the API. */
  dashboard: Url,
  database_url: v.string(),
  /** Process ids; `stack` is the one to signal to stop everything. */
  pids: v.strictObject({
    stack: Pid,
    postgres: Pid,
    edge: Pid,
    agents: v.array(Pid),
    gateways: v.array(Pid),
  }),
});
export type StackInfo = v.InferOutput<typeof StackInfo>;
