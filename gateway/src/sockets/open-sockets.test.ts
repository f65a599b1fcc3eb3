import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { compileNativeSockets } from '../../native/compile.ts';
import { temporaryDirectory } from '../../test-support/temporary-directory.ts';
import { openSockets } from './open-sockets.ts';

const trust = createSecureContext();
const missing = (): never => {
  throw new Error('not compiled here');
};

describe('where native sockets', () => {
  test('are there, they are taken, unless the setting wants others', async () => {
    expect(await openSockets('auto', trust)).toMatchObject({ kind: 'native' });
    expect(await openSockets('native', trust)).toMatchObject({ kind: 'native' });
    expect(await openSockets('node', trust)).toMatchObject({ kind: 'node' });
  });

  test('are not there, Node’s take their place and say why, unless the setting wants no others', async () => {
    expect(await openSockets('auto', trust, missing)).toMatchObject({ kind: 'node', fault: 'not compiled here' });
    await expect(openSockets('native', trust, missing)).rejects.toThrow(
      'MARVEL_SOCKETS: there are no native sockets: not compiled here',
    );
  });
});

describe('compiling them', () => {
  test('gives a module once more when it is there, and says what is lacking when it cannot be', async () => {
    const path = join(await temporaryDirectory(), 'sockets.node');
    expect(await compileNativeSockets(path)).toEqual({ ok: true, value: path });
    expect(await compileNativeSockets(path, 'no-compiler-of-this-name')).toEqual({ ok: true, value: path });
    expect(await compileNativeSockets(`${path}.other`, 'no-compiler-of-this-name')).toEqual({
      ok: false,
      error: 'there is no C compiler (spawn no-compiler-of-this-name ENOENT)',
    });
  });
});
