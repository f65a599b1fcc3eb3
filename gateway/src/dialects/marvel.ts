import type { Exit } from '@marvel/shared/exit';
import { type Failure, failureEntry, failures } from '@marvel/shared/failures';
import { ok } from '@marvel/shared/result';
import { parseTarget } from '@marvel/shared/target';
import type { Answers, ExitWish, PinView, SignIn } from '../offer.ts';
import { readBasicCredentials } from './basic-credentials.ts';
import { httpRefusal } from './http-refusal.ts';

const challenge = 'Proxy-Authenticate: Basic realm="marvel"\r\n';

/** What of an HTTP request head the Marvel dialect reads. */
interface MarvelRequest {
  readonly fields: ReadonlyMap<string, string>;
}

/** Credentials and target of the Marvel dialect over HTTP: Basic, and an option in the head. Source: CONTRACT 3.2, 3.5. */
export function readMarvelRequest(request: MarvelRequest): SignIn {
  const basic = readBasicCredentials(request.fields.get('proxy-authorization') ?? '');
  if (basic === undefined) return nobody;
  const onExitLoss = request.fields.get('x-marvel-on-exit-loss')?.toLowerCase() === 'fail' ? 'fail' : 'repin';
  return readMarvelSignIn(basic.username, basic.password, onExitLoss);
}

/** User name = key, password = target. Source: CONTRACT 3.2. */
export function readMarvelSignIn(
  username: string,
  password: string,
  onExitLoss: ExitWish['onExitLoss'] = 'repin',
): SignIn {
  const credential = { kind: 'key', key: username } as const;
  const target = parseTarget(password);
  if (!target.ok) return { credential, wish: target };
  return { credential, wish: ok({ ...target.value, network: 'residential', onExitLoss }) };
}

const nobody: SignIn = {
  credential: { kind: 'none' },
  wish: { ok: false, error: 'target_missing_country' },
};

/** What is said of each exit, made once: records never change. */
const exitLines = new WeakMap<Exit, string>();

function linesOf(exit: Exit): string {
  const known = exitLines.get(exit);
  if (known !== undefined) return known;
  const lines = [
    `X-Marvel-Exit-Id: ${exit.id}\r\n`,
    `X-Marvel-Exit-IP: ${exit.exit_ip}\r\n`,
    `X-Marvel-Exit-Country: ${exit.country}\r\n`,
    `X-Marvel-Exit-ASN: ${exit.asn}\r\n`,
    `X-Marvel-Exit-Purity: ${exit.purity}\r\n`,
    `X-Marvel-Exit-Grade: ${exit.grade}\r\n`,
  ].join('');
  exitLines.set(exit, lines);
  return lines;
}

/** Which exit serves, as field lines. */
function forwarded(requestId: string, exit: Exit, pin: PinView | undefined): string {
  return (
    `X-Marvel-Request-Id: ${requestId}\r\n${linesOf(exit)}` +
    (pin === undefined
      ? ''
      : `X-Marvel-Session-Generation: ${pin.generation}\r\n` +
        `X-Marvel-Session-Expires: ${new Date(pin.expiresAtMs).toISOString()}\r\n`)
  );
}

/** The answers of the Marvel dialect over HTTP; `docs` is the page that explains refusals. Source: CONTRACT section 2 and 3.5. */
export function marvelHttpAnswers(docs: string) {
  return {
    established(requestId: string, exit: Exit, pin: PinView | undefined): string {
      return `HTTP/1.1 200 Connection established\r\n${forwarded(requestId, exit, pin)}\r\n`;
    },

    forwarded,

    refused(failure: Failure, requestId: string, mayRetry: boolean) {
      const { marvel } = failureEntry(failure.code);
      // A code this dialect does not have is a fault of ours, and those look like any other.
      const told: Failure = marvel === null ? { code: 'gateway_error' } : failure;
      const status = marvel ?? failures.gateway_error.marvel;
      const keepOpen = told.code === 'unauthenticated' && mayRetry;
      const fields = told.code === 'unauthenticated' ? challenge : '';
      return { bytes: httpRefusal({ status, failure: told, requestId, docs, fields, close: !keepOpen }), keepOpen };
    },
  } satisfies Answers;
}
