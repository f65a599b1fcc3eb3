import type { CreateWebhookEndpointRequest, WebhookEndpoint } from '@marvel/sdk';
import { webhookEventTypes } from '@marvel/shared/api/webhook';
import { Option, type Command } from 'commander';
import { does, type Run } from '../command.ts';
import type { Context } from '../context.ts';
import { formatTime } from '../render/amount.ts';
import { table } from '../render/table.ts';
import { deliveryCommands } from './deliveries.ts';

type EventType = NonNullable<CreateWebhookEndpointRequest['events']>[number];

/** `webhooks …`: where the account hears of what happens to it, and what was sent there. */
export function webhookCommands(program: Command, run: Run): void {
  const webhooks = program.command('webhooks').description('where you hear of what happens, and what was sent there');
  does(webhooks.command('list').description('list the endpoints'), run, async (context) => {
    const { data } = await context.customer().webhookEndpoints.list({ signal: context.terminal.signal });
    context.show(data, () => endpointTable(context, data));
    return undefined;
  });

  const create = webhooks
    .command('create <url>')
    .description('make an endpoint; its secret is shown once')
    .addOption(new Option('--events <types...>', 'only these; without it every event').choices(webhookEventTypes))
    .option('--description <text>', 'what it is for');
  does<{ readonly events?: EventType[]; readonly description?: string }>(
    create,
    run,
    async (context, { events, description = '' }, [url = '']) => {
      const body = { url, events: events ?? null, description };
      const made = await context.customer().webhookEndpoints.create(body, { signal: context.terminal.signal });
      context.show(made, () => made.secret);
      context.note(`Endpoint ${made.id}. The secret, which signs what is sent, is not shown again.`);
      return undefined;
    },
  );

  does(
    webhooks.command('rotate <id>').description('give an endpoint a new secret; the old one is good for a day more'),
    run,
    async (context, _options, [id = '']) => {
      const made = await context.customer().webhookEndpoints.rotate(id, { signal: context.terminal.signal });
      context.show(made, () => made.secret);
      context.note(`The old secret signs too until ${formatTime(made.previous_secret_expires_at)}.`);
      return undefined;
    },
  );

  for (const [verb, enabled, effect] of [
    ['enable', true, 'send to an endpoint again'],
    ['disable', false, 'send nothing to an endpoint for now'],
  ] as const) {
    does(webhooks.command(`${verb} <id>`).description(effect), run, async (context, _options, [id = '']) => {
      const call = { signal: context.terminal.signal };
      const changed = await context.customer().webhookEndpoints.update(id, { enabled }, call);
      context.show(changed, () => `${changed.id} is ${changed.status}.`);
      return undefined;
    });
  }

  does(webhooks.command('delete <id>').description('delete an endpoint'), run, async (context, _options, [id = '']) => {
    await context.customer().webhookEndpoints.delete(id, { signal: context.terminal.signal });
    context.show({ id, deleted: true }, () => `Deleted ${id}.`);
    return undefined;
  });
  deliveryCommands(webhooks, run);
}

function endpointTable(context: Context, rows: readonly WebhookEndpoint[]): string {
  return table(
    ['ID', 'URL', 'EVENTS', 'STATUS', 'FAILING SINCE'],
    rows.map((row) => [
      row.id,
      row.url,
      row.events?.join(', ') ?? 'all',
      row.disabled_reason === null ? row.status : `${row.status} (${row.disabled_reason})`,
      formatTime(row.failing_since),
    ]),
    context.paint,
    'No endpoints yet. Make one with `marvel webhooks create <url>`.',
  );
}
