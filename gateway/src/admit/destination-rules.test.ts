import { describe, expect, it } from 'vitest';
import { DestinationRules, mayVisit } from './destination-rules.ts';

const policy = { ports: [443], allow: [{ host: 'ECHO.Example.', port: 9999 }], own_addresses: ['2606:4700:0:0::1111'] };

describe('destination rules', () => {
  it('know an address of the fleet however an operator spelled it', () => {
    const rules = new DestinationRules([]);
    expect(rules.refusalOf({ host: '2606:4700::1111', port: 443 }, policy)).toBe('own_address');
    expect(rules.refusalOf({ host: '2606:4700::1112', port: 443 }, policy)).toBeUndefined();
    expect(rules.refusalOf({ host: 'echo.example', port: 9999 }, policy)).toBeUndefined();
  });

  it('judge anew when the policy has changed', () => {
    const rules = new DestinationRules([]);
    expect(rules.refusalOf({ host: 'a.example.com', port: 8080 }, policy)).toBe('port');
    expect(rules.refusalOf({ host: 'a.example.com', port: 8080 }, { ...policy, ports: [8080] })).toBeUndefined();
  });
});

describe('the hosts of a credential', () => {
  it('are matched by name, by address in any spelling, and by domain without itself', () => {
    expect(mayVisit({ hosts_allow: ['*.example.com', '2606:4700:0::1'] }, 'a.example.com')).toBe(true);
    expect(mayVisit({ hosts_allow: ['*.example.com'] }, 'example.com')).toBe(false);
    expect(mayVisit({ hosts_allow: ['*.example.com'] }, 'notexample.com')).toBe(false);
    expect(mayVisit({ hosts_allow: ['2606:4700:0::1'] }, '2606:4700::1')).toBe(true);
    expect(mayVisit({ hosts_deny: ['a.example.com'], hosts_allow: ['*.example.com'] }, 'a.example.com')).toBe(false);
    expect(mayVisit({}, 'a.example.com')).toBe(true);
  });
});
