import { createServer } from 'node:net';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConnectAnswer, connectThrough } from '../test-support/connect.ts';
import { type ScriptedNames, startScriptedNames } from '../test-support/scripted-names.ts';

/** An address of this machine that no policy allows, on a port that policy does. */
const secretHost = '127.77.0.1';
const port = 8080;
const publicAddress = '93.184.215.14';
const name = 'rebind.example.com';

let names: ScriptedNames;
let stack: Stack;
let secretConnections = 0;
/** What an attacker would like to reach. */
const secret = createServer((socket) => {
  secretConnections += 1;
  socket.destroy();
});
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    secret.listen(port, secretHost, resolve);
  });
  names = await startScriptedNames();
  stack = await createStack({
    ephemeral: true,
    agentNodeOptions: names.nodeOptions,
    gatewaySettings: { MARVEL_DIAL_TIMEOUT_MS: '3000' },
  });
});
afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  await names[Symbol.asyncDispose]();
  secret.close();
});

async function ask(authority = `${name}:${port}`): Promise<ConnectAnswer> {
  const answer = await connectThrough({
    gateway: stack.info.gateway.marvel,
    username: stack.info.account.key,
    password: 'country-US',
    authority,
  });
  answer.socket.destroy();
  return answer;
}

describe('a name that turns from a public address', () => {
  it.each([
    ['to this machine', secretHost],
    ['to the metadata of a cloud', '169.254.169.254'],
    ['to a private network', '10.0.0.1'],
    ['to an IPv4 address in IPv6', '::ffff:127.77.0.1'],
    ['to a private address behind NAT64', '64:ff9b::a00:1'],
    ['to nowhere in particular', '0.0.0.0'],
  ])(
    '%s is refused from then on: the address is judged that is dialled, and looked up once',
    async (_where, address) => {
      names.set(name, [[publicAddress], [address]]);
      // Nobody answers there in a test; what counts is that it was not refused.
      expect((await ask()).status).toBe(502);
      expect(names.lookups(name)).toBe(1);
      const refused = await ask();
      expect([refused.status, refused.headers.get('x-marvel-error')]).toEqual([403, 'destination_forbidden']);
      expect(names.lookups(name)).toBe(2);
    },
  );

  it('to both a public and a private one is refused whole', async () => {
    names.set(name, [[publicAddress, secretHost]]);
    expect((await ask()).status).toBe(403);
    names.set(name, [[secretHost, publicAddress]]);
    expect((await ask()).status).toBe(403);
  });

  it('is refused on the port of an allowed origin too, unless it is that very address', async () => {
    const { port: echoPort, host } = new URL(stack.info.echo);
    names.set(name, [[secretHost], ['127.0.0.1']]);
    expect((await ask(`${name}:${echoPort}`)).status).toBe(403);
    expect((await ask(host)).status).toBe(200);
  });
});

it('nothing came to what the names pointed at', () => {
  expect(secretConnections).toBe(0);
});
