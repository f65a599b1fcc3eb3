import type { WebhookDelivery } from '@marvel/sdk';
import { Option, type Command } from 'commander';
import { does, type Run } from '../command.ts';
import { formatTime } from '../render/amount.ts';
import { fields, table } from '../render/table.ts';
import { readCount } from './limits.ts';

const statuses = ['pending', 'delivered', 'failed'] as const satisfies readonly WebhookDelivery['status'][];

interface DeliveryOptions {
  readonly endpoint?: string;
  readonly status?: WebhookDelivery['status'];
  readonly max: number;
}

/** `webhooks deliveries`, `webhooks delivery` and `webhooks redeliver`. */
export function deliveryCommands(webhooks: Command, run: Run): void {
  const list = webhooks
    .command('deliveries')
    .description('what was sent, the newest first')
    .option('--endpoint <id>', 'only to this one')
    .addOption(new Option('--status <status>', 'only those').choices(statuses))
    .option('--max <n>', 'how many at most', readCount, 50);
  does<DeliveryOptions>(list, run, async (context, { endpoint, status, max }) => {
    const query = { endpoint, status, limit: Math.min(max, 100) };
    const call = { signal: context.terminal.signal };
    const data = await context.customer().webhookDeliveries.list(query, call).take(max);
    context.show(data, () =>
      table(
        ['ID', 'ENDPOINT', 'EVENT', 'STATUS', 'TRIES', 'MADE', 'LAST ANSWER'],
        data.map((row) => [
          row.id,
          row.endpoint_id,
          row.event_type,
          row.status,
          String(row.attempts),
          formatTime(row.created_at),
          answerOf(row.last_attempt),
        ]),
        context.paint,
        'Nothing was sent.',
      ),
    );
    return undefined;
  });

  does(
    webhooks.command('delivery <id>').description('what was sent once, and every try'),
    run,
    async (context, _options, [id = '']) => {
      const found = await context.customer().webhookDeliveries.get(id, { signal: context.terminal.signal });
      context.show(found, () => {
        const about = fields(
          [
            ['event', `${found.event_type} (${found.event_id})`],
            ['endpoint', found.endpoint_id],
            ['status', found.status],
            ['next try', formatTime(found.next_attempt_at)],
            ['sent', JSON.stringify(found.event)],
          ],
          context.paint,
        );
        const tries = table(
          ['TRY', 'AT', 'MS', 'ANSWER', 'BODY'],
          found.log.map((row) => [
            String(row.number),
            formatTime(row.at),
            String(row.duration_ms),
            answerOf(row),
            row.response ?? '-',
          ]),
          context.paint,
          'No try yet.',
        );
        return `${about}\n\n${tries}`;
      });
      return undefined;
    },
  );

  does(
    webhooks.command('redeliver <id>').description('send it once more'),
    run,
    async (context, _options, [id = '']) => {
      const queued = await context.customer().webhookDeliveries.redeliver(id, { signal: context.terminal.signal });
      context.show(
        queued,
        () => `${queued.id} is sent again: \`marvel webhooks delivery ${queued.id}\` shows how it went.`,
      );
      return undefined;
    },
  );
}

function answerOf(attempt: WebhookDelivery['last_attempt']): string {
  if (attempt === null) return '-';
  const { status, error } = attempt;
  if (status === null) return error ?? '-';
  return error === null || error === 'status' ? String(status) : `${status} (${error})`;
}
