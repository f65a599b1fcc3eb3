import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openEventLog } from './event-log.ts';
import type { LogLevel } from './logger.ts';
import type { TunnelEvent } from './event.ts';

const ended: TunnelEvent = {
  requestId: 'id-1',
  dialect: 'marvel',
  clientIp: '192.0.2.1',
  account: 'acc_0001',
  credential: 'key_0001',
  destination: { host: 'example.com', port: 443 },
  exit: 'ext_0001',
  country: 'US',
  bytesUp: 1,
  bytesDown: 2,
  setupMs: 3.4,
  durationMs: 5.6,
  end: 'completed',
};

function openFile(level: LogLevel) {
  const directory = mkdtempSync(join(tmpdir(), 'event-log-'));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  const file = join(directory, 'log');
  const log = openEventLog(level, openSync(file, 'a'));
  const lines = (): unknown[] => {
    log.flushNow();
    const text = readFileSync(file, 'utf8');
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown]));
  };
  return { log, lines };
}

test('a tunnel is one line: who, what, where, how much, how long, and why it ended', () => {
  const { log, lines } = openFile('info');
  log.tunnelEnded(ended);
  expect(lines()).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      event: 'tunnel',
      request_id: 'id-1',
      dialect: 'marvel',
      client_ip: '192.0.2.1',
      account: 'acc_0001',
      credential: 'key_0001',
      host: 'example.com',
      port: 443,
      exit: 'ext_0001',
      country: 'US',
      bytes_up: 1,
      bytes_down: 2,
      setup_ms: 3,
      duration_ms: 6,
      end: 'completed',
    },
  ]);
});

test('refusals of strangers are told only to who looks closely', () => {
  const refusal = { requestId: 'id-1', dialect: 'marvel', clientIp: '192.0.2.1', code: 'unauthenticated' } as const;
  const stranger = { ...refusal, account: undefined, credential: undefined };
  const known = { ...refusal, code: 'balance_exhausted', account: 'acc_0001', credential: 'key_0001' } as const;
  for (const [level, events] of [
    ['info', ['balance_exhausted']],
    ['debug', ['unauthenticated', 'balance_exhausted']],
    ['silent', []],
  ] as const) {
    const { log, lines } = openFile(level);
    log.refused(stranger);
    log.refused(known);
    expect(lines()).toMatchObject(events.map((code) => ({ event: 'refusal', code })));
  }
});

test('lines keep their order, whoever wrote them', () => {
  const { log, lines } = openFile('info');
  log.note('info', 'first', { a: 1 });
  log.tunnelEnded(ended);
  log.fault('second', new Error('a bug'));
  expect(lines()).toMatchObject([
    { level: 'info', event: 'first', a: 1 },
    { event: 'tunnel' },
    { level: 'error', event: 'second', err: { message: 'a bug' } },
  ]);
});

test('a reader that has stopped reading holds nobody up', async () => {
  const child = fileURLToPath(new URL('../../test-support/log-child.ts', import.meta.url));
  const logging = spawn(process.execPath, [child], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    logging.kill('SIGKILL');
  });
  expect(String(await once(logging.stdout, 'data'))).toBe('done\n');
});

test('a full disk costs lines, and neither the process nor its orderly end', async () => {
  const child = fileURLToPath(new URL('../../test-support/full-log-child.ts', import.meta.url));
  const logging = spawn('sh', ['-c', 'exec "$0" "$1" 2>/dev/full', process.execPath, child], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => {
    logging.kill('SIGKILL');
  });
  const exited = once(logging, 'exit');
  expect(String(await once(logging.stdout, 'data'))).toBe('done\n');
  expect(await exited).toEqual([0, null]);
});
