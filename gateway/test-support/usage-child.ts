// A process that spends and posts, to be killed: told by its environment what to use, it says on stdout what it has sealed.
import { importSigningKey, importVerificationKeys } from '@marvel/shared/signature';
import * as v from 'valibot';
import { createEdgeClient } from '../src/edge-client.ts';
import { createUsage } from '../src/usage/usage.ts';

const Jwk = v.looseObject({ kid: v.string() });

/** What the parent passes as JSON in `USAGE_CHILD`. */
const Setup = v.object({ url: v.string(), directory: v.string(), signingKey: Jwk, edgeKey: Jwk, spends: v.boolean() });

const setup = v.parse(v.pipe(v.string(), v.parseJson(), Setup), process.env['USAGE_CHILD']);
const edge = createEdgeClient({ url: setup.url, token: 'gw_test' });
const usage = await createUsage({
  edge,
  gateway: 'gtw_0001',
  signer: await importSigningKey(setup.signingKey),
  keys: await importVerificationKeys([setup.edgeKey]),
  now: () => performance.now(),
  balanceBytes: () => undefined,
  directory: setup.directory,
  report: () => undefined,
  postIntervalMs: 2,
});
usage.start();

if (setup.spends) {
  const [account, credential] = ['acc_0001', 'key_0001'];
  const headings = { account, credential, budgets: [], exit: 'ext_0001', country: 'US' } as const;
  const quiet = { onMore: () => undefined, onDry: () => undefined };
  const spender = usage.meter.openSpender({ ...headings, network: 'isp', dialect: 'marvel' }, quiet);
  let spent = 0;
  let drawn = 0;
  let batches = usage.load().pendingBatches;
  setInterval(() => {
    const load = usage.load();
    // What is no longer in the window is in a batch; that batch is on disk once the outbox has grown by it.
    if (load.pendingBatches > batches) process.stdout.write(`${drawn}\n`);
    batches = load.pendingBatches;
    drawn = spent - load.unsealedBytes;
    spender.record(1, 0);
    spent += 1;
  }, 1);
} else {
  await usage.close(10_000);
  await edge.close();
}
