import { randomBytes } from 'node:crypto';
import { makeProxyKey } from '@marvel/shared/key-format';
import { type FailureCode, failureCodes, failureEntry } from '@marvel/shared/failures';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../test-support/event-log.ts';
import { answers, echoes, ScriptedExit } from '../test-support/scripted-exit.ts';
import { credential, destination, TestGateway } from '../test-support/test-gateway.ts';
import { connectRequest, Wire, type WireAnswer } from '../test-support/wire.ts';

let gateway: TestGateway;
let exit: ScriptedExit;
beforeEach(async () => {
  gateway = await TestGateway.start();
  exit = await ScriptedExit.start(echoes);
});
afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await exit[Symbol.asyncDispose]();
});

async function answerTo(request: string): Promise<WireAnswer> {
  const wire = await Wire.open(gateway.address);
  wire.send(request);
  return wire.answer();
}

function askFor(target: string, to = destination): () => Promise<WireAnswer> {
  return async () => (await gateway.connect({ target, to })).answer;
}

const ask = askFor('country-US');

/**
 * One cell of the table: the status line and what else a client may steer by, letter for letter as the product’s own
 * documentation and the contract have them, and not as the catalogue does, which is what is tested.
 */
type Row = readonly [
  code: FailureCode,
  statusLine: string,
  fields: Readonly<Record<string, string | undefined>>,
  ask: () => Promise<WireAnswer>,
];
const closes = { connection: 'close', 'retry-after': undefined, 'proxy-authenticate': undefined };
const closesFor = (seconds: number) => ({ ...closes, 'retry-after': String(seconds) });
const rows: readonly Row[] = [
  ['bad_request', '400 Malformed request', closes, () => answerTo('CONNECT nowhere HTTP/1.1\r\nHost: a\r\n\r\n')],
  [
    'unauthenticated',
    '407 Missing or invalid credentials',
    { connection: undefined, 'proxy-authenticate': 'Basic realm="marvel"' },
    () => answerTo(connectRequest(destination, { key: makeProxyKey('live', randomBytes) })),
  ],
  [
    'target_missing_country',
    '400 missing required target: country-<CC> (ISO 3166-1 alpha-2)',
    closes,
    askFor('session-a'),
  ],
  [
    'target_invalid_country',
    '400 invalid country code; expected ISO 3166-1 alpha-2, e.g. country-US',
    closes,
    askFor('country-USA'),
  ],
  [
    'target_asn_unsupported',
    '400 targeting is country-only; ASN/ISP selection is not supported',
    closes,
    askFor('country-US-asn-7922'),
  ],
  [
    'target_unknown_field',
    '400 unknown target field; supported fields: country, session, min_purity',
    closes,
    askFor('country-US-city-nyc'),
  ],
  [
    'target_duplicate_field',
    '400 duplicate target field; country, session, and min_purity may each appear once',
    closes,
    askFor('country-US-country-DE'),
  ],
  [
    'target_malformed',
    "400 malformed target; each field must be <key>-<value> joined by '-'",
    closes,
    askFor('country'),
  ],
  [
    'target_invalid_session',
    '400 invalid session id; allowed: letters, digits, underscore (1-64 chars)',
    closes,
    askFor('country-US-session-a.b'),
  ],
  [
    'target_invalid_min_purity',
    '400 invalid min_purity; expected an integer 0-100',
    closes,
    askFor('country-US-min_purity-101'),
  ],
  [
    'balance_exhausted',
    '402 Insufficient balance',
    closes,
    () => {
      gateway.meter.standingNow = 'balance_exhausted';
      return ask();
    },
  ],
  [
    'cap_exhausted',
    '402 Bandwidth limit of this credential reached',
    closes,
    () => {
      gateway.meter.standingNow = 'cap_exhausted';
      return ask();
    },
  ],
  [
    'threads_exhausted',
    '429 Too many concurrent connections',
    closesFor(1),
    async () => {
      gateway.addExit(exit.port);
      gateway.limit({ threads: 1 });
      await gateway.open();
      return ask();
    },
  ],
  ['destination_forbidden', '403 Destination not allowed', closes, askFor('country-US', '127.0.0.1:443')],
  ['no_capacity', '503 No live capacity for the requested country right now', closesFor(10), ask],
  [
    'gateway_error',
    '502 Gateway error',
    closes,
    () => {
      exit.script = answers('HTTP/1.1 500 No\r\n\r\n');
      gateway.addExit(exit.port);
      return ask();
    },
  ],
  [
    'overloaded',
    '503 Temporarily overloaded',
    closesFor(1),
    async () => {
      await gateway[Symbol.asyncDispose]();
      gateway = await TestGateway.start({ MARVEL_MAX_TUNNELS: '1' });
      gateway.addExit(exit.port);
      await gateway.open();
      return ask();
    },
  ],
  [
    'draining',
    '503 Shutting down',
    closesFor(1),
    async () => {
      gateway.addExit(exit.port);
      const tunnel = await gateway.open();
      const late = await Wire.open(gateway.address);
      // The 407 shows that what came with it has been read too: half a request, which keeps the connection open.
      const request = connectRequest(destination, { key: gateway.key });
      late.send(connectRequest(destination) + request.slice(0, 20));
      await late.answer();
      gateway.refusals.length = 0;
      const closed = gateway.gateway.close();
      late.send(request.slice(20));
      const answer = await late.answer();
      tunnel.close();
      await closed;
      return answer;
    },
  ],
  [
    'stale_state',
    '503 Account state is too old to decide',
    closesFor(5),
    () => {
      gateway.fleet.stale = true;
      return ask();
    },
  ],
];

describe('a Marvel listener', () => {
  test('has a row below for each failure that the catalogue gives it', () => {
    const told = failureCodes.filter((code) => failureEntry(code).marvel !== null);
    expect(rows.map(([code]) => code).toSorted()).toEqual(told.toSorted());
  });

  test.each(rows)('tells %s as %s, in all four places', async (code, statusLine, fields, cause) => {
    const answer = await cause();
    expect(answer.statusLine).toBe(`HTTP/1.1 ${statusLine}`);
    expect(answer.fields.get('x-marvel-error')).toBe(code);
    expect(answer.fields.get('proxy-status')).toMatch(new RegExp(`^marvel; error=[a-z_]+; details="${code}"$`));
    expect(answer.fields.get('x-marvel-request-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(answer.fields.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(answer.body.split('\n')[0]).toBe(statusLine.slice('400 '.length));
    expect(Object.fromEntries(Object.keys(fields).map((name) => [name, answer.fields.get(name)]))).toEqual(fields);
    await eventually(() => {
      expect(gateway.refusals.map((event) => [event.dialect, event.code])).toEqual([['marvel', code]]);
    });
    const isOfNobody = code === 'unauthenticated' || code === 'bad_request';
    expect(gateway.meter.refusals).toEqual(isOfNobody ? [] : [{ credential, code }]);
    for (const spender of gateway.meter.spenders) expect(spender.bytesUp + spender.bytesDown).toBe(0);
  });

  test('tells of a fault of ours as of any other', async () => {
    gateway.fleet.exits = () => {
      throw new Error('a bug');
    };
    const answer = await ask();
    expect(answer.statusLine).toBe('HTTP/1.1 502 Gateway error');
    expect(answer.text).not.toContain('bug');
    expect(gateway.faults.splice(0)).toHaveLength(1);
  });
});
