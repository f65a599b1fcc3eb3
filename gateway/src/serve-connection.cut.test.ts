import { randomBytes } from 'node:crypto';
import { makeProxyKey } from '@marvel/shared/key-format';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../test-support/event-log.ts';
import { echoes, ScriptedExit } from '../test-support/scripted-exit.ts';
import { account, credential, TestGateway } from '../test-support/test-gateway.ts';

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

describe('what stands open is cut', () => {
  test('when its key is revoked, and the tunnels of another key of the account go on', async () => {
    gateway.addExit(exit.port);
    const other = makeProxyKey('live', randomBytes);
    gateway.fleet.addKey(other, { id: 'key_0002', account, test: false, limits: {} });
    const revoked = await gateway.open();
    const { wire: kept } = await gateway.connect({ key: other });
    gateway.fleet.removeKey(gateway.key);
    await revoked.ended;
    expect(gateway.tunnels).toMatchObject([{ credential, end: 'credential_ended' }]);
    kept.send('hello');
    expect((await kept.bytes(5)).toString()).toBe('hello');
    expect((await gateway.connect()).answer.status).toBe(407);
  });

  test('when its key is paused, and not when only its limits change', async () => {
    gateway.addExit(exit.port);
    const wire = await gateway.open();
    const tell = (limits: { paused?: boolean; threads?: number }) => {
      gateway.limit(limits);
      gateway.fleet.tell({ kind: 'key', id: credential, account, digest: '', test: false, limits });
    };
    tell({ threads: 5 });
    wire.send('hello');
    expect((await wire.bytes(5)).toString()).toBe('hello');
    tell({ paused: true });
    await wire.ended;
    expect(gateway.tunnels[0]?.end).toBe('credential_ended');
  });

  test('when its account is suspended', async () => {
    gateway.addExit(exit.port);
    const wire = await gateway.open();
    const record = { id: account, status: 'suspended', balance_bytes: 1, threads: null } as const;
    gateway.fleet.accounts.set(account, record);
    gateway.fleet.tell({ kind: 'account', ...record });
    await wire.ended;
    expect(gateway.tunnels[0]?.end).toBe('account_ended');
  });

  test('when all is read anew and its key is no longer there', async () => {
    gateway.addExit(exit.port);
    const wire = await gateway.open();
    gateway.fleet.tell({ kind: 'reset' });
    wire.send('hello');
    expect((await wire.bytes(5)).toString()).toBe('hello');
    gateway.fleet.keys.clear();
    gateway.fleet.tell({ kind: 'reset' });
    await wire.ended;
    expect(gateway.tunnels[0]?.end).toBe('credential_ended');
  });

  test('when its key expires', async () => {
    gateway.addExit(exit.port);
    gateway.limit({ expires_at: new Date(Date.now() + 500).toISOString() });
    const wire = await gateway.open();
    await wire.ended;
    expect(gateway.tunnels[0]?.end).toBe('credential_ended');
  });

  test('when its key expires at a time that was set only after it had opened, and not at one that was put off', async () => {
    gateway.addExit(exit.port);
    const wire = await gateway.open();
    const tell = (expiresAtMs: number) => {
      const limits = { expires_at: new Date(expiresAtMs).toISOString() };
      gateway.limit(limits);
      gateway.fleet.tell({ kind: 'key', id: credential, account, digest: '', test: false, limits });
    };
    const soonMs = Date.now() + 300;
    tell(soonMs);
    tell(soonMs + 1500);
    await wire.ended;
    expect(Date.now()).toBeGreaterThanOrEqual(soonMs + 1500);
    expect(gateway.tunnels[0]?.end).toBe('credential_ended');
  });

  test('when its key gets a cap that it does not spend from, and not when that is raised', async () => {
    gateway.addExit(exit.port);
    const uncapped = await gateway.open();
    const tell = (bytes: number) => {
      const limits = { bytes_per_day: bytes };
      gateway.limit(limits);
      gateway.fleet.tell({ kind: 'key', id: credential, account, digest: '', test: false, limits });
    };
    tell(1_000_000);
    await uncapped.ended;
    expect(gateway.tunnels).toMatchObject([{ end: 'credential_ended' }]);
    const capped = await gateway.open();
    tell(2_000_000);
    capped.send('hello');
    expect((await capped.bytes(5)).toString()).toBe('hello');
  });

  test('but not when its exit is gone', async () => {
    const { id } = gateway.addExit(exit.port);
    const wire = await gateway.open();
    gateway.fleet.exitsById.delete(id);
    gateway.fleet.tell({ kind: 'tombstone', of: 'exit', id });
    wire.send('hello');
    expect((await wire.bytes(5)).toString()).toBe('hello');
    expect((await gateway.connect()).answer.status).toBe(503);
  });

  test('before it opens, when its key is revoked during the dial', async () => {
    gateway.addExit(exit.port);
    exit.script = (socket) => {
      gateway.fleet.removeKey(gateway.key);
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
    };
    expect((await gateway.connect()).answer.status).toBe(407);
    expect(gateway.tunnels).toEqual([]);
    await eventually(() => {
      expect([...exit.sockets].every((socket) => socket.readableEnded)).toBe(true);
    });
  });
});
