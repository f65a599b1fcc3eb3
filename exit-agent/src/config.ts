import { canonicalPolicy, defaultDestinationPolicy } from '@marvel/shared/destination';
import { DestinationPolicy } from '@marvel/shared/feed';
import { err, ok, type Result } from '@marvel/shared/result';
import * as v from 'valibot';
import { parseListenAddress } from './listen-address.ts';
import { tokenDigest } from './token.ts';

/** The most exits one process hosts. */
const maxExits = 1000;

const Listen = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const address = parseListenAddress(dataset.value);
    if (address !== undefined) return address;
    addIssue({ message: 'must be an address and a port, like 127.0.0.1:7000 or [::1]:7000' });
    return NEVER;
  }),
);
const Token = v.pipe(
  v.string(),
  v.regex(/^[!-~]{16,512}$/, 'must be 16 to 512 visible ASCII characters'),
  v.transform(tokenDigest),
);
const TokenSha256 = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{64}$/i, 'must be a SHA-256 in hex'),
  v.transform((hex) => Buffer.from(hex, 'hex')),
);
const ExitIp = v.pipe(v.string(), v.ip('must be an IPv4 or IPv6 address'));
const wholeNumber = (min: number, max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^(?:0|[1-9][0-9]{0,15})$/, 'must be a whole number'),
    v.transform(Number),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  );
const json = <S extends v.GenericSchema>(schema: S) =>
  v.pipe(v.string(), v.parseJson(undefined, 'must be JSON'), schema);
const exactlyOneToken = 'needs either a token or its SHA-256, and not both';
const maxTimeoutMs = 86_400_000;

const ExitEntry = v.pipe(
  v.strictObject({
    listen: Listen,
    token: v.optional(Token),
    token_sha256: v.optional(TokenSha256),
    exit_ip: v.optional(ExitIp),
  }),
  v.check((exit) => (exit.token === undefined) !== (exit.token_sha256 === undefined), exactlyOneToken),
  v.transform(({ listen, token, token_sha256: digest, exit_ip: exitIp }) => ({
    listen,
    // The check above leaves exactly one of them.
    tokenDigest: token ?? digest ?? Buffer.alloc(0),
    exitIp,
  })),
);

/** The variables the agent reads; one that begins with `MARVEL_AGENT_` and is not among them is a mistake. */
const Environment = v.strictObject({
  MARVEL_AGENT_EXITS: v.optional(
    json(
      v.pipe(
        v.array(ExitEntry),
        v.minLength(1, 'must hold an exit'),
        v.maxLength(maxExits, `must hold at most ${maxExits} exits`),
      ),
    ),
  ),
  MARVEL_AGENT_LISTEN: v.optional(Listen),
  MARVEL_AGENT_TOKEN: v.optional(Token),
  MARVEL_AGENT_TOKEN_SHA256: v.optional(TokenSha256),
  MARVEL_AGENT_EXIT_IP: v.optional(ExitIp),
  MARVEL_AGENT_POLICY: v.optional(json(DestinationPolicy)),
  MARVEL_AGENT_TLS_CERT: v.optional(v.pipe(v.string(), v.nonEmpty('must be the path of a PEM file'))),
  MARVEL_AGENT_TLS_KEY: v.optional(v.pipe(v.string(), v.nonEmpty('must be the path of a PEM file'))),
  MARVEL_AGENT_MAX_CONNECTIONS: v.optional(wholeNumber(1, 1_000_000), '10000'),
  MARVEL_AGENT_HEAD_TIMEOUT_MS: v.optional(wholeNumber(1, maxTimeoutMs), '10000'),
  MARVEL_AGENT_DIAL_TIMEOUT_MS: v.optional(wholeNumber(1, maxTimeoutMs), '10000'),
  MARVEL_AGENT_IDLE_TIMEOUT_MS: v.optional(wholeNumber(1, maxTimeoutMs), '600000'),
  MARVEL_AGENT_DRAIN_TIMEOUT_MS: v.optional(wholeNumber(0, maxTimeoutMs), '30000'),
  /** `1` puts host names into events; only with the consent of those whose traffic it is. */
  MARVEL_AGENT_LOG_HOSTS: v.optional(v.picklist(['0', '1'], 'must be 0 or 1'), '0'),
});

/** One exit to host. */
export interface ExitConfig {
  readonly listen: { readonly host: string; readonly port: number };
  /** SHA-256 of the token that gateways send. */
  readonly tokenDigest: Buffer;
  readonly exitIp?: string | undefined;
}

/** What the agent runs with. */
export interface AgentConfig {
  readonly exits: readonly ExitConfig[];
  /** Canonical. */
  readonly policy: DestinationPolicy;
  /** Paths of PEM files; without them listeners speak plain TCP. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** Connections served at once, over all exits. */
  readonly maxConnections: number;
  readonly headTimeoutMs: number;
  /** Look-up and dial together. */
  readonly dialTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly logHosts: boolean;
}

/** Something wrong with one variable. Says nothing of its value, which may be a secret. */
export interface ConfigProblem {
  /** The variable, with the place inside its JSON: `MARVEL_AGENT_EXITS.0.listen`. */
  readonly name: string;
  readonly message: string;
}

const prefix = 'MARVEL_AGENT_';

/** Reads the configuration from an environment; all problems at once. */
export function readConfig(
  env: Readonly<Record<string, string | undefined>>,
): Result<AgentConfig, readonly ConfigProblem[]> {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith(prefix)));
  // Valibot's own messages quote what they were given.
  const parsed = v.safeParse(Environment, own, { message: (issue) => `must be ${issue.expected ?? 'left out'}` });
  if (!parsed.success) {
    return err(parsed.issues.map((issue) => ({ name: v.getDotPath(issue) ?? prefix, message: issue.message })));
  }
  const read = parsed.output;
  const problems: ConfigProblem[] = [];
  const single = readSingleExit(read, problems);
  const exits = read.MARVEL_AGENT_EXITS ?? single;
  const { MARVEL_AGENT_TLS_CERT: certFile, MARVEL_AGENT_TLS_KEY: keyFile } = read;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    problems.push({ name: 'MARVEL_AGENT_TLS_CERT', message: 'needs MARVEL_AGENT_TLS_KEY, and the other way round' });
  }
  if (problems.length > 0 || exits === undefined) return err(problems);
  return ok({
    exits,
    policy: canonicalPolicy(read.MARVEL_AGENT_POLICY ?? defaultDestinationPolicy),
    tls: certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile },
    maxConnections: read.MARVEL_AGENT_MAX_CONNECTIONS,
    headTimeoutMs: read.MARVEL_AGENT_HEAD_TIMEOUT_MS,
    dialTimeoutMs: read.MARVEL_AGENT_DIAL_TIMEOUT_MS,
    idleTimeoutMs: read.MARVEL_AGENT_IDLE_TIMEOUT_MS,
    drainTimeoutMs: read.MARVEL_AGENT_DRAIN_TIMEOUT_MS,
    logHosts: read.MARVEL_AGENT_LOG_HOSTS === '1',
  });
}

/** The exit of the four plain variables, unless `MARVEL_AGENT_EXITS` says it all. */
function readSingleExit(
  read: v.InferOutput<typeof Environment>,
  problems: ConfigProblem[],
): readonly ExitConfig[] | undefined {
  const listen = read.MARVEL_AGENT_LISTEN;
  const digest = read.MARVEL_AGENT_TOKEN ?? read.MARVEL_AGENT_TOKEN_SHA256;
  if (read.MARVEL_AGENT_EXITS !== undefined) {
    if (listen ?? digest ?? read.MARVEL_AGENT_EXIT_IP) {
      problems.push({
        name: 'MARVEL_AGENT_EXITS',
        message: 'takes the place of LISTEN, TOKEN and EXIT_IP: leave those out',
      });
    }
    return undefined;
  }
  if (read.MARVEL_AGENT_TOKEN !== undefined && read.MARVEL_AGENT_TOKEN_SHA256 !== undefined) {
    problems.push({ name: 'MARVEL_AGENT_TOKEN', message: exactlyOneToken });
  }
  if (listen === undefined) problems.push({ name: 'MARVEL_AGENT_LISTEN', message: 'is missing' });
  if (digest === undefined) problems.push({ name: 'MARVEL_AGENT_TOKEN', message: exactlyOneToken });
  if (listen === undefined || digest === undefined) return undefined;
  return [{ listen, tokenDigest: digest, exitIp: read.MARVEL_AGENT_EXIT_IP }];
}
