import { createServer } from 'node:http';
import type { Stack } from '@marvel/dev-stack/create-stack';
import { Marvel } from '@marvel/sdk';
import { Client } from 'pg';

const days = 20;
const megabyte = 1_000_000;

/** What pages are about one thing. */
export interface Shown {
  readonly customerId: string;
  readonly accountId: string;
}

/** Gives the demo account what somebody has who has used it for weeks. */
export async function fillStack(stack: Stack): Promise<Shown> {
  const { account, api, operator_token: operatorToken } = stack.info;
  const marvel = new Marvel({ baseUrl: api, token: account.token });
  const { operator } = marvel.withToken(operatorToken);
  const crawler = await marvel.keys.create({
    label: 'crawler',
    limits: { bytes_per_day: 500 * megabyte, threads: 20, countries: ['US', 'DE', 'FR'] },
  });
  const prices = await marvel.keys.create({ label: 'price watch', limits: { hosts_allow: ['*.example.com'] } });
  await marvel.keys.create({ label: 'night job', limits: { paused: true, expires_at: '2027-03-01T00:00:00Z' } });
  await marvel.keys.create({ label: 'unit tests', mode: 'test' });
  const subUsers = [];
  for (const [username, threads] of [
    ['northwind', 10],
    ['contoso', 50],
  ] as const) {
    const limits = { bytes_per_month: 20_000 * megabyte, threads };
    subUsers.push(await marvel.subUsers.create({ username, email: `it@${username}.example`, limits }));
  }
  const [subUser, second] = subUsers;
  if (subUser === undefined || second === undefined) throw new Error('no sub-users');
  await marvel.authorizedSources.create({ kind: 'ip', value: '93.184.216.34', sub_user: subUser.id });
  await marvel.authorizedSources.create({ kind: 'hostname', value: 'office.example.com' });
  await marvel.nodes.create({ country: 'DE', session: 'cart_1138' });
  await marvel.nodes.create({ country: 'US', session: 'login_7', min_purity: 60 });
  await marvel.checkout.create({ bundle_id: 'bnd_starter' });
  const plan = await marvel.plans.create({
    name: '5 GB a month',
    bytes: 5000 * megabyte,
    price_cents: 2000,
    currency: 'eur',
    interval: 'month',
    threads: 25,
  });
  const customer = await marvel.customers.create({
    name: 'Northwind Traders',
    email: 'it@northwind.example',
    reference: 'C-1042',
    sub_user_id: subUser.id,
  });
  await marvel.customers.create({ name: 'Contoso', reference: 'C-1043' });
  const other = await marvel.customers.create({ name: 'Fabrikam', sub_user_id: second.id });
  await marvel.subscriptions.create({ plan_id: plan.id, customer_id: customer.id });
  const paused = await marvel.subscriptions.create({ plan_id: plan.id, customer_id: other.id });
  await marvel.subscriptions.pause(paused.id);
  await hearOf(stack, marvel);
  await operator.accounts.adjust(account.account_id, { bytes: 2000 * megabyte, reason: 'Courtesy after an outage' });
  for (const email of ['ops@northwind.example', 'dev@contoso.example', 'scraper@fabrikam.example']) {
    const { account_id: id } = await marvel.accounts.create({ email, password: 'a long sentence' });
    await operator.accounts.adjust(id, { bytes: 7500 * megabyte, reason: 'Trial' });
    if (email.startsWith('scraper')) await operator.accounts.suspend(id, { reason: 'Reported for abuse' });
  }
  await useInThePast(stack, [account.key.slice(0, 12), crawler.prefix, prices.prefix]);
  return { customerId: customer.id, accountId: account.account_id };
}

/** An endpoint that takes one delivery and fails at another. */
async function hearOf(stack: Stack, marvel: Marvel): Promise<void> {
  let heard = 0;
  await using server = createServer((_, reply) => {
    heard += 1;
    reply.writeHead(heard === 1 ? 204 : 500).end(heard === 1 ? '' : 'try later');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  await marvel.webhookEndpoints.create({
    url: `http://127.0.0.1:${address.port}/marvel`,
    events: ['balance.low', 'invoice.paid'],
    description: 'billing robot',
  });
  await marvel.me.update({ low_balance_bytes: [9_500_000_000, 1_000_000_000] });
  const { operator } = marvel.withToken(stack.info.operator_token);
  for (const bytes of [-1000 * megabyte, 1000 * megabyte, -800 * megabyte]) {
    await operator.accounts.adjust(stack.info.account.account_id, { bytes, reason: 'Correction' });
    await stack.edge.runScheduled();
  }
}

/** Usage and refusals of the weeks before, as the roll-ups have them: no gateway can have them now. */
async function useInThePast(stack: Stack, prefixes: readonly string[]): Promise<void> {
  const { account_id: account } = stack.info.account;
  const client = new Client({ connectionString: stack.postgres.url });
  await client.connect();
  try {
    await client.query(
      `select ensure_month(name, date_trunc('month', now() - make_interval(months => back), 'UTC'), 70)
       from unnest(array['usage_rollup', 'rejection']) as name, generate_series(0, 1) as back`,
    );
    const { rows: keys } = await client.query<{ id: string }>(
      'select id from api_key where account_id = $1 and prefix = any($2) order by created_at',
      [account, prefixes],
    );
    const countries = ['US', 'DE', 'FR', 'GB', 'JP'] as const;
    for (let hour = days * 24; hour > 0; hour -= 3) {
      for (const [index, { id }] of keys.entries()) {
        const [country = 'US'] = countries.slice((hour / 3 + index) % countries.length);
        // More by day than by night, less at weekends: as traffic is.
        const wave = 1 + Math.sin(((hour % 24) / 24) * 2 * Math.PI) + ((hour * 7 + index * 13) % 11) / 6;
        const bytes = Math.round((wave * 9 * megabyte) / (index + 1));
        await client.query(
          `insert into usage_rollup (account_id, hour, credential_id, exit_id, country, network, dialect, exit_grade, test, bytes_up, bytes_down, connections)
           values ($1, date_trunc('hour', now() - make_interval(hours => $2)), $3, null, $4, 'residential', 'marvel', $5, false, $6, $7, $8)
           on conflict do nothing`,
          [account, hour, id, country, 'SAB'[hour % 3], Math.round(bytes / 12), bytes, 3 + (hour % 9)],
        );
      }
    }
    const [{ id: key } = { id: '' }] = keys;
    for (const [hour, code, count] of [
      [0, 'target_unknown_field', 12],
      [0, 'destination_forbidden', 3],
      [1, 'no_capacity', 41],
      [26, 'threads_exhausted', 1208],
      [50, 'target_invalid_country', 2],
    ] as const) {
      await client.query(
        `insert into rejection (account_id, hour, credential_id, dialect, code, count, last_at)
         values ($1, date_trunc('hour', now() - make_interval(hours => $2)), $3, 'marvel', $4, $5, now() - make_interval(hours => $2))`,
        [account, hour, key, code, count],
      );
    }
  } finally {
    await client.end();
  }
}
