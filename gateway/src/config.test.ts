import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { GatewayConfig, readConfig } from './config.ts';
import { ProcessesConfig } from './processes/plan-processes.ts';

describe('the settings', () => {
  it('are all in the operators’ page, with their defaults', async () => {
    const page = await readFile(new URL('../../docs/operate/gateway.md', import.meta.url), 'utf8');
    const documented = [...page.matchAll(/^\| `(MARVEL_[A-Z0-9_]+)` \| ([^|]+) \|/gm)].map(([, name, standard]) => [
      name,
      standard?.trim(),
    ]);
    const settings = Object.entries({ ...GatewayConfig.entries, ...ProcessesConfig.entries }).map(([name, schema]) => {
      const standard: unknown = 'default' in schema ? schema.default : undefined;
      if (standard === '') return [name, 'required'];
      return [name, typeof standard === 'string' ? `\`${standard}\`` : '–'];
    });
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(settings));
  });

  it('that are wrong are named with what is expected, never with their value', () => {
    const read = readConfig({ MARVEL_EDGE_URL: 'ftp://secret', MARVEL_MAX_TUNNELS: '-1', MARVEL_LISTEN: 'nowhere' });
    const lines = read.ok ? [] : read.error;
    expect(lines).toContain('MARVEL_EDGE_URL is not valid: expected an http or https URL');
    expect(lines).toContain('MARVEL_MAX_TUNNELS is not valid: expected a whole number from 1 to 1000000');
    expect(lines.some((line) => line.startsWith('MARVEL_LISTEN is not valid: expected host:port'))).toBe(true);
    expect(lines.some((line) => line.startsWith('MARVEL_GATEWAY_TOKEN is not set: expected the token'))).toBe(true);
    expect(lines.join('\n')).not.toContain('secret');
  });
});
