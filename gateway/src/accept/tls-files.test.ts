import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { makeCertificate, type TestCertificate } from '../../test-support/certificates.ts';
import { eventually } from '../../test-support/event-log.ts';
import { type KeyPair, type KeyPairFault, readKeyPair, type TlsFiles, TlsFilesWatch } from './tls-files.ts';

const noPollMs = 86_400_000;
let first: TestCertificate;
let second: TestCertificate;
const watches: TlsFilesWatch[] = [];

beforeAll(async () => {
  [first, second] = await Promise.all([makeCertificate(), makeCertificate()]);
});

afterEach(() => {
  for (const watch of watches.splice(0)) watch.close();
});

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'marvel-gateway-tls-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

async function write({ certificateFile, keyFile }: TlsFiles, { certificate, key }: TestCertificate): Promise<void> {
  await writeFile(certificateFile, certificate);
  await writeFile(keyFile, key);
}

async function files(pair: TestCertificate): Promise<TlsFiles> {
  const path = await folder();
  const made = { certificateFile: join(path, 'cert.pem'), keyFile: join(path, 'key.pem') };
  await write(made, pair);
  return made;
}

async function watchFrom(where: TlsFiles, pollMs = noPollMs) {
  const read = await readKeyPair(where);
  if (!read.ok) throw new Error(read.error.code);
  const renewed: KeyPair[] = [];
  const faults: KeyPairFault[] = [];
  watches.push(
    new TlsFilesWatch(where, read.value, pollMs, {
      onRenewed: (pair) => renewed.push(pair),
      onFault: (fault) => faults.push(fault),
    }),
  );
  return { renewed, faults, shown: () => renewed.at(-1)?.certificate.toString() };
}

describe('a certificate and its key', () => {
  test('are read when they belong together', async () => {
    const read = await readKeyPair(await files(first));
    expect(read.ok && read.value.certificate.toString()).toBe(first.certificate);
    expect(read.ok && read.value.expiresAtMs).toBeGreaterThan(Date.now());
  });

  test.each([
    ['the file of one is missing', 'unreadable', async (where: TlsFiles) => rm(where.keyFile)],
    ['one is another’s', 'unusable', async (where: TlsFiles) => writeFile(where.keyFile, second.key)],
    ['one is no PEM', 'unusable', async (where: TlsFiles) => writeFile(where.certificateFile, 'nothing')],
    ['one is cut short', 'unusable', async (where: TlsFiles) => writeFile(where.keyFile, first.key.slice(0, 60))],
  ])('are not read when %s', async (_what, kind, spoil) => {
    const where = await files(first);
    await spoil(where);
    expect(await readKeyPair(where)).toMatchObject({ ok: false, error: { kind } });
  });

  test('are read again when they are written anew', async () => {
    const where = await files(first);
    const { shown } = await watchFrom(where);
    await write(where, second);
    await eventually(() => expect(shown()).toBe(second.certificate));
  });

  test('are read again when the directory they are in is exchanged, as container platforms do', async () => {
    const path = await folder();
    for (const [name, pair] of [
      ['one', first],
      ['two', second],
    ] as const) {
      await mkdir(join(path, name));
      await write({ certificateFile: join(path, name, 'cert.pem'), keyFile: join(path, name, 'key.pem') }, pair);
    }
    await symlink('one', join(path, 'now'));
    const where = { certificateFile: join(path, 'cert.pem'), keyFile: join(path, 'key.pem') };
    await symlink(join('now', 'cert.pem'), where.certificateFile);
    await symlink(join('now', 'key.pem'), where.keyFile);
    const { shown } = await watchFrom(where);
    await symlink('two', join(path, 'next'));
    await rename(join(path, 'next'), join(path, 'now'));
    await eventually(() => expect(shown()).toBe(second.certificate));
  });

  test('are read again where the file system tells of nothing', async () => {
    const path = await folder();
    const other = await files(first);
    // The link stays as it is: what changes is out of sight of a watch on its directory.
    const where = { certificateFile: join(path, 'cert.pem'), keyFile: join(path, 'key.pem') };
    await symlink(other.certificateFile, where.certificateFile);
    await symlink(other.keyFile, where.keyFile);
    const { shown } = await watchFrom(where, 5);
    await write(other, second);
    await eventually(() => expect(shown()).toBe(second.certificate));
  });

  test('that broke are told of once, and left alone until they are good again', async () => {
    const where = await files(first);
    const { faults, renewed, shown } = await watchFrom(where, 5);
    await writeFile(where.certificateFile, 'nothing');
    await eventually(() => expect(faults).toHaveLength(1));
    await write(where, second);
    await eventually(() => expect(shown()).toBe(second.certificate));
    expect(renewed).toHaveLength(1);
    expect(faults[0]?.kind).toBe('unusable');
  });

  test('written anew without a change are nothing new', async () => {
    const where = await files(first);
    const { renewed, shown } = await watchFrom(where);
    await write(where, first);
    await write(where, second);
    await eventually(() => expect(shown()).toBe(second.certificate));
    expect(renewed).toHaveLength(1);
  });
});
