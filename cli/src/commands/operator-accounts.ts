import type { OperatorAccount } from '@marvel/sdk';
import { Option, type Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { does, type Run } from '../command.ts';
import { exitCodes } from '../exit-code.ts';
import { formatBytes, formatTime, parseBytes } from '../render/amount.ts';
import { fields, table } from '../render/table.ts';
import { entryTable } from './ledger.ts';
import { readCount } from './limits.ts';

interface FindOptions {
  readonly status?: OperatorAccount['status'];
  readonly max: number;
}

/** `operator accounts …`. */
export function operatorAccountCommands(operator: Command, run: Run): void {
  const accounts = operator.command('accounts').description('the accounts of customers');
  const find = accounts
    .command('find [email]')
    .description('the account of an address, or all, the newest first')
    .addOption(new Option('--status <status>', 'only those').choices(['active', 'suspended']))
    .option('--max <n>', 'how many at most', readCount, 100);
  does<FindOptions>(find, run, async (context, { status, max }, [email]) => {
    const query = { email, status, limit: Math.min(max, 100) };
    const call = { signal: context.terminal.signal };
    const data = await context.operator().operator.accounts.list(query, call).take(max);
    context.show(data, () =>
      table(
        ['ID', 'E-MAIL', 'STATUS', 'BALANCE', 'KEYS', 'SUB-USERS', 'MADE'],
        data.map((row) => [
          row.account_id,
          row.email,
          row.status,
          formatBytes(row.balance_bytes),
          String(row.keys),
          String(row.sub_users),
          formatTime(row.created_at),
        ]),
        context.paint,
        'There is no such account.',
      ),
    );
    return undefined;
  });

  does(accounts.command('show <id>').description('one account'), run, async (context, _options, [id = '']) => {
    const found = await context.operator().operator.accounts.get(id, { signal: context.terminal.signal });
    context.show(found, () =>
      fields(
        [
          ['account', found.account_id],
          ['e-mail', found.email],
          ['status', found.status],
          ['balance', formatBytes(found.balance_bytes)],
          ['plan', planText(found.plan)],
          ['threads', found.threads === null ? 'as many as there are' : String(found.threads)],
          ['keys', String(found.keys)],
          ['sub-users', String(found.sub_users)],
          ['made', formatTime(found.created_at)],
        ],
        context.paint,
      ),
    );
    return undefined;
  });

  const ledger = accounts
    .command('ledger <id>')
    .description('every movement of bytes of an account, the newest first')
    .option('--max <n>', 'how many at most', readCount, 50);
  does<{ readonly max: number }>(ledger, run, async (context, { max }, [id = '']) => {
    const call = { signal: context.terminal.signal };
    const query = { limit: Math.min(max, 1000) };
    const data = await context.operator().operator.accounts.ledger(id, query, call).take(max);
    context.show(data, () => entryTable(data, context.paint, 'Nothing has moved.'));
    return undefined;
  });

  for (const [verb, effect] of [
    ['suspend', 'refuse the credentials of an account, and cut its tunnels; it can still read'],
    ['unsuspend', 'let an account go on'],
  ] as const) {
    const command = accounts
      .command(`${verb} <id>`)
      .description(effect)
      .requiredOption('--reason <text>', 'what the audit log says');
    does<{ readonly reason: string }>(command, run, async (context, { reason }, [id = '']) => {
      const call = { signal: context.terminal.signal };
      const changed = await context.operator().operator.accounts[verb](id, { reason }, call);
      context.show(changed, () => `${changed.account_id} (${changed.email}) is ${changed.status}.`);
      return undefined;
    });
  }

  const adjust = accounts
    .command('adjust <id> <bytes>')
    .description('give bytes, such as 10GB, or take them: put -- before -10GB')
    .requiredOption('--reason <text>', 'what the ledger says');
  does<{ readonly reason: string }>(adjust, run, async (context, { reason }, [id = '', amount = '']) => {
    const bytes = parseBytes(amount);
    if (bytes === undefined) {
      throw new CliError({
        code: 'bad_amount',
        message: 'bytes: give them as 500MB or 10GB',
        exitCode: exitCodes.usage,
      });
    }
    const adjusted = await context
      .operator()
      .operator.accounts.adjust(id, { bytes, reason }, { signal: context.terminal.signal });
    context.show(adjusted, () => `${id} has ${formatBytes(adjusted.balance_bytes)} now.`);
    return undefined;
  });
}

function planText(plan: OperatorAccount['plan']): string {
  if (plan === null) return 'none';
  const { name, status, current_period_end: end } = plan;
  return `${name}, ${status}${end === null ? '' : `, period ends ${formatTime(end)}`}`;
}
