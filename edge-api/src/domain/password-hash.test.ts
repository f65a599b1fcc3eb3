import { argon2Sync, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { loadForTests } from '../../test-support/argon2id.ts';
import { type Argon2id, hashPassword, isOutdated, presentCost, verifyPassword } from './password-hash.ts';

const compute = await loadForTests();
const calls: number[] = [];
const argon2id: Argon2id = (input) => {
  calls.push(input.memorySize * input.passes);
  return compute(input);
};

describe('hashPassword', () => {
  test('gives a PHC string of the contract’s cost that verifies, and that another password does not', () => {
    const stored = hashPassword('correct horse', argon2id, randomBytes);
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(verifyPassword('correct horse', stored, argon2id)).toBe(true);
    expect(verifyPassword('correct horsf', stored, argon2id)).toBe(false);
  });

  test('is the argon2id that OpenSSL computes', () => {
    const stored = hashPassword('пароль длинный', argon2id, () => new Uint8Array(16).fill(7));
    const expected = argon2Sync('argon2id', {
      message: 'пароль длинный',
      nonce: new Uint8Array(16).fill(7),
      parallelism: 1,
      tagLength: 32,
      memory: 19_456,
      passes: 2,
    });
    expect(stored.split('$')[5]).toBe(expected.toString('base64').replaceAll('=', ''));
  });

  test('salts every password anew', () => {
    expect(hashPassword('correct horse', argon2id, randomBytes)).not.toBe(
      hashPassword('correct horse', argon2id, randomBytes),
    );
  });

  test('takes a letter with its accent and a letter followed by its accent as the same', () => {
    const stored = hashPassword('caf\u00e9 cafe', argon2id, randomBytes);
    expect(verifyPassword('cafe\u0301 cafe', stored, argon2id)).toBe(true);
  });
});

describe('verifyPassword', () => {
  test('costs the same for nobody, for a wrong password and for one too short, and is right for none of them', () => {
    const stored = hashPassword('correct horse', argon2id, randomBytes);
    const attempts: readonly (readonly [string, string | undefined])[] = [
      ['correct horse', undefined],
      ['wrong password', stored],
      ['short', stored],
      ['', undefined],
    ];
    for (const [password, hash] of attempts) {
      calls.length = 0;
      expect(verifyPassword(password, hash, argon2id)).toBe(false);
      expect(calls).toEqual([presentCost.memoryKib * presentCost.passes]);
    }
  });

  test.each(['', '$2b$10$abcdefghijklmnopqrstuv', '$argon2id$v=19$m=999999,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$x'])(
    'refuses to work on a stored string that is not its own: %s',
    (stored) => {
      expect(() => verifyPassword('correct horse', stored, argon2id)).toThrow('stored password hash');
    },
  );
});

describe('isOutdated', () => {
  test('a hash of a lower cost is outdated, one of the present cost is not', () => {
    const weak = hashPassword('correct horse', argon2id, randomBytes, { memoryKib: 8192, passes: 2, lanes: 1 });
    expect(isOutdated(weak)).toBe(true);
    expect(verifyPassword('correct horse', weak, argon2id)).toBe(true);
    expect(isOutdated(hashPassword('correct horse', argon2id, randomBytes))).toBe(false);
  });
});
