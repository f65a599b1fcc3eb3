import { describe, expect, it } from 'vitest';
import { addressesOfHost, ownAddresses } from './own-addresses.ts';

const ofHost = () => ['198.41.0.4', '2001:503:ba3e::2:30', '127.0.0.1'];

describe('the addresses of a gateway', () => {
  it('are those that it listens on, by name too', async () => {
    expect(await ownAddresses(['198.41.0.9', '::1', '198.41.0.9'], ofHost)).toEqual(['198.41.0.9', '::1']);
    expect(await ownAddresses(['localhost'], ofHost)).toContain('127.0.0.1');
    expect(await ownAddresses(['nowhere.invalid'], ofHost)).toEqual([]);
  });

  it.each(['0.0.0.0', '::', '0:0::0'])('are all of its host where it listens on %s', async (everywhere) => {
    expect(await ownAddresses([everywhere, '127.0.0.1'], ofHost)).toEqual(expect.arrayContaining(ofHost()));
  });

  it('are read of the host as it is', () => {
    expect(addressesOfHost()).toContain('127.0.0.1');
  });
});
