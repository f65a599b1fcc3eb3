import * as v from 'valibot';
import { err, ok, type Result } from '@marvel/shared/result';
import { parseAuthority } from './accept/authority.ts';
import { logLevels } from './observe/event-log.ts';

const maxTimeoutMs = 86_400_000;
const expectedId = 'the id given at enrolment, gtw_…';
const expectedUrl = 'an http or https URL';

/** Text that has to be there. An absent variable is read as an empty one, so that its message says what is expected. */
function required(expected: string) {
  return v.optional(v.pipe(v.string(), v.trim(), v.minLength(1, expected)), '');
}

/** A whole number in a setting, with bounds and what counts when it is not set. */
function integer(min: number, max: number, fallback: number) {
  const expected = `a whole number from ${min} to ${max}`;
  return v.optional(
    v.pipe(
      v.string(expected),
      v.trim(),
      v.regex(/^[0-9]{1,15}$/, expected),
      v.toNumber(),
      v.minValue(min, expected),
      v.maxValue(max, expected),
    ),
    String(fallback),
  );
}

const expectedAddress = 'host:port, e.g. 127.0.0.1:9000 or [::]:9000; port 0 for any';
const Address = v.pipe(
  v.string(expectedAddress),
  v.trim(),
  // Port 0 is no port to connect to, so it is read apart.
  v.transform((text) =>
    text.endsWith(':0') ? { ...parseAuthority(text.replace(/0$/, '1')), port: 0 } : parseAuthority(text),
  ),
  v.object({ host: v.string(), port: v.number() }, expectedAddress),
);

/** An address, or `off` for a listener that is not wanted. */
const OptionalAddress = v.union(
  [
    v.pipe(
      v.literal('off'),
      v.transform(() => undefined),
    ),
    Address,
  ],
  `${expectedAddress}; off for none`,
);
const File = v.optional(v.pipe(v.string(), v.trim()));

function json(expected: string) {
  return v.optional(v.pipe(v.string(), v.parseJson(undefined, expected)), '');
}

const expectedPrivateKey = 'a private Ed25519 key as a JWK: {"kty":"OKP","crv":"Ed25519","x":…,"d":…}';
const expectedPublicKeys =
  'a JSON array of public Ed25519 JWKs, each with kid: [{"kty":"OKP","crv":"Ed25519","x":…,"kid":…}]';
const keyMembers = { kty: v.literal('OKP'), crv: v.literal('Ed25519'), x: v.string() };
const PrivateKey = v.pipe(
  json(expectedPrivateKey),
  v.looseObject({ ...keyMembers, d: v.string() }, expectedPrivateKey),
);
const PublicKeys = v.pipe(
  json(expectedPublicKeys),
  v.array(v.looseObject({ ...keyMembers, kid: v.string() }, expectedPublicKeys), expectedPublicKeys),
  v.minLength(1, expectedPublicKeys),
);

/** Every setting of a gateway, as environment variables. Times in ms. Source: CONTRACT 3.10. */
export const GatewayConfig = v.object({
  /** Origin of the edge API. */
  MARVEL_EDGE_URL: v.pipe(required(expectedUrl), v.url(expectedUrl), v.regex(/^https?:/, expectedUrl)),
  MARVEL_GATEWAY_ID: v.pipe(required(expectedId), v.regex(/^gtw_[0-9A-Za-z]{4,48}$/, expectedId)),
  MARVEL_GATEWAY_TOKEN: required('the token given at enrolment, gw_…'),
  /** Signs the usage batches; its public half was given at enrolment. */
  MARVEL_GATEWAY_SIGNING_KEY: PrivateKey,
  /** The fleet whose feed is believed. */
  MARVEL_FLEET: required('the name of the fleet'),
  /** Key of the credential digests; the same at the edge. */
  MARVEL_CREDENTIAL_PEPPER: required('the pepper of the fleet'),
  /** The keys that feed pages and replies may be signed with. */
  MARVEL_EDGE_KEYS: PublicKeys,
  /** The Marvel dialect over HTTP. */
  MARVEL_LISTEN: v.optional(Address, '127.0.0.1:9000'),
  /** The Marvel dialect over TLS; open only when a certificate and a key are set. */
  MARVEL_LISTEN_TLS: v.optional(OptionalAddress, '127.0.0.1:9443'),
  /** Certificate, followed by its chain, and key: PEM files, read again whenever they change. */
  MARVEL_TLS_CERT: File,
  MARVEL_TLS_KEY: File,
  /** How often these files are looked at where the file system does not tell of their changes. */
  MARVEL_TLS_POLL_MS: integer(10, maxTimeoutMs, 10_000),
  /** SOCKS5 with user name and password; off for none. */
  MARVEL_LISTEN_SOCKS5: v.optional(OptionalAddress, '127.0.0.1:1080'),
  /** The proxies.fo dialect, a listener for each network; off for none. */
  MARVEL_LISTEN_PROXIES_FO_RESIDENTIAL: v.optional(OptionalAddress, '127.0.0.1:13337'),
  MARVEL_LISTEN_PROXIES_FO_ISP: v.optional(OptionalAddress, '127.0.0.1:13339'),
  MARVEL_LISTEN_PROXIES_FO_DATACENTER: v.optional(OptionalAddress, '127.0.0.1:13338'),
  /** The ProxyMesh dialect; off for none. */
  MARVEL_LISTEN_PROXYMESH: v.optional(OptionalAddress, '127.0.0.1:31280'),
  /** Health and metrics; without credentials, so keep it private. */
  MARVEL_LISTEN_ADMIN: v.optional(Address, '127.0.0.1:9090'),
  /** Where state and unsent batches survive a restart; not kept when unset. */
  MARVEL_STATE_DIR: v.optional(v.pipe(v.string(), v.trim())),
  /** A PEM file of authorities that may vouch for exits with TLS, beside those that Node trusts (NODE_USE_SYSTEM_CA=1: and the system). */
  MARVEL_EXIT_CA: File,
  MARVEL_LOG_LEVEL: v.optional(v.picklist(logLevels, `one of ${logLevels.join(', ')}`), 'info'),
  /** Tunnels open or being dialled; above it clients get 503. Each takes two file descriptors. */
  MARVEL_MAX_TUNNELS: integer(1, 1_000_000, 30_000),
  MARVEL_MAX_HEAD_BYTES: integer(1024, 65_536, 16_384),
  MARVEL_HEAD_TIMEOUT_MS: integer(1, maxTimeoutMs, 10_000),
  /** How long a connection on which a request was answered waits for the next. */
  MARVEL_NEXT_REQUEST_TIMEOUT_MS: integer(1, maxTimeoutMs, 60_000),
  MARVEL_DIAL_TIMEOUT_MS: integer(1, maxTimeoutMs, 15_000),
  MARVEL_IDLE_TIMEOUT_MS: integer(1, maxTimeoutMs, 600_000),
  MARVEL_KEEP_ALIVE_MS: integer(1000, maxTimeoutMs, 60_000),
  MARVEL_HALF_CLOSE_TIMEOUT_MS: integer(1, maxTimeoutMs, 30_000),
  /** How long a refused connection is read on after its answer. */
  MARVEL_LINGER_TIMEOUT_MS: integer(1, maxTimeoutMs, 2000),
  MARVEL_DRAIN_TIMEOUT_MS: integer(1, maxTimeoutMs, 30_000),
  /** Refusals of its credentials, within the window, after which an address is not listened to for a while; 0 for never. */
  MARVEL_BAN_REFUSALS: integer(0, 1000, 60),
  MARVEL_BAN_WINDOW_MS: integer(1, maxTimeoutMs, 60_000),
  MARVEL_BAN_MS: integer(1, maxTimeoutMs, 600_000),
  /** Without a page of the feed for so long, new requests get 503. */
  MARVEL_MAX_STALE_MS: integer(1000, maxTimeoutMs, 3_600_000),
});
export type GatewayConfig = v.InferOutput<typeof GatewayConfig>;

const tlsPaths = [['MARVEL_TLS_CERT'], ['MARVEL_TLS_KEY']] as const;

/** What has to hold between settings. */
const Settings = v.pipe(
  GatewayConfig,
  v.forward(
    v.partialCheck(
      tlsPaths,
      ({ MARVEL_TLS_CERT: cert, MARVEL_TLS_KEY: key }) => {
        return key === undefined || cert !== undefined;
      },
      'the certificate that MARVEL_TLS_KEY belongs to',
    ),
    ['MARVEL_TLS_CERT'],
  ),
  v.forward(
    v.partialCheck(
      tlsPaths,
      ({ MARVEL_TLS_CERT: cert, MARVEL_TLS_KEY: key }) => {
        return cert === undefined || key !== undefined;
      },
      'the key of MARVEL_TLS_CERT',
    ),
    ['MARVEL_TLS_KEY'],
  ),
);

/** Reads the settings. Errors: one line per setting that is wrong, which names it and what is expected, never its value. */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
): Result<GatewayConfig, readonly string[]> {
  // An empty variable is one that is not set: that is how most tools unset it.
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = v.safeParse(Settings, given, { abortPipeEarly: true });
  if (parsed.success) return ok(parsed.output);
  const lines = new Map<string, string>();
  for (const issue of parsed.issues) {
    const name = nameOf(issue.path?.[0]?.key);
    if (!lines.has(name))
      lines.set(name, `${name} ${name in given ? 'is not valid' : 'is not set'}: expected ${issue.message}`);
  }
  return err([...lines.values()]);
}

function nameOf(key: unknown): string {
  return typeof key === 'string' ? key : 'environment';
}
