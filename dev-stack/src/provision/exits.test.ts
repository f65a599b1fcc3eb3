import { judgeEvidence } from '@marvel/shared/verdict';
import { describe, expect, test } from 'vitest';
import { evidenceOf, localExits } from './exits.ts';

describe('the exits of a local stack', () => {
  test.each(localExits)('$name earns its grade $grade', (exit) => {
    const verdict = judgeEvidence(evidenceOf(exit), exit);
    expect(verdict).toMatchObject({ kind: 'pass', grade: exit.grade });
  });

  test('are in the countries that the contract names, and each dials from an address of its own', () => {
    const countries = new Set(localExits.map(({ country }) => country));
    for (const country of ['US', 'DE', 'GB', 'JP']) expect(countries).toContain(country);
    expect(new Set(localExits.map(({ exitIp }) => exitIp)).size).toBe(localExits.length);
    expect(new Set(localExits.map(({ name }) => name)).size).toBe(localExits.length);
  });

  test('every network has some', () => {
    expect(new Set(localExits.map(({ network }) => network))).toEqual(new Set(['residential', 'isp', 'datacenter']));
  });

  test('two exits of one country and network are on different agents, so that one can fail and the other serve', () => {
    for (const exits of Map.groupBy(localExits, ({ country, network }) => `${country} ${network}`).values()) {
      expect(new Set(exits.map(({ agent }) => agent)).size).toBeGreaterThan(1);
    }
  });
});
