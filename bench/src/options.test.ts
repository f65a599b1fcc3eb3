import { describe, expect, test } from 'vitest';
import { readOptions } from './options.ts';

const groups = ['down', 'connect'];
const subjects = ['splice', 'marvel'];

function read(...args: string[]) {
  return readOptions(args, groups, subjects);
}

describe('the command line', () => {
  test('without anything asks for all of it, in five rounds', () => {
    expect(read()).toMatchObject({
      ok: true,
      value: { groups: [], only: [], quick: false, extent: { rounds: 5, memoryTunnels: Infinity } },
    });
  });

  test('names work and subjects', () => {
    expect(read('connect', '--only', 'marvel,splice', '--rounds', '7', '--seconds', '0.5')).toMatchObject({
      ok: true,
      value: { groups: ['connect'], only: ['marvel', 'splice'], quick: false, extent: { rounds: 7, seconds: 0.5 } },
    });
  });

  test.each([['--quick'], ['--rounds', '4']])('%s is a look whose result is not kept', (...args) => {
    expect(read(...args)).toMatchObject({ ok: true, value: { quick: true } });
  });

  test.each([
    ['--rounds', '0'],
    ['--rounds', '2.5'],
    ['--rounds', '101'],
    ['--seconds', '0'],
    ['--seconds', 'soon'],
    ['--sloppy'],
    ['conect'],
    ['--only', 'marvel,squit'],
  ])('%s %s is refused with a sentence', (...args) => {
    const options = read(...args);
    expect(options.ok ? undefined : options.error).toMatch(/^[A-Z-].+/);
  });
});
