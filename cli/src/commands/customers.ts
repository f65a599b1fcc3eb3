import type { Command } from 'commander';
import { does, type Run } from '../command.ts';
import { formatTime } from '../render/amount.ts';
import { table } from '../render/table.ts';

const maxListed = 1000;

interface CustomerOptions {
  readonly email?: string;
  readonly reference?: string;
  readonly subUser?: string;
}

/** `customers …`: those whom the account sells to. */
export function customerCommands(program: Command, run: Run): void {
  const customers = program.command('customers').description('those whom you sell to');
  does(customers.command('list').description('list the customers'), run, async (context) => {
    const call = { signal: context.terminal.signal };
    const data = await context.customer().customers.list({ limit: 100 }, call).take(maxListed);
    context.show(data, () =>
      table(
        ['ID', 'NAME', 'E-MAIL', 'REFERENCE', 'SUB-USER', 'MADE'],
        data.map((row) => [
          row.id,
          row.name,
          row.email ?? '-',
          row.reference ?? '-',
          row.sub_user_id ?? '-',
          formatTime(row.created_at),
        ]),
        context.paint,
        'No customers yet. Make one with `marvel customers create <name>`.',
      ),
    );
    return undefined;
  });

  const create = customers
    .command('create <name>')
    .description('make a customer')
    .option('--email <address>', 'where to reach them')
    .option('--reference <text>', 'what you call them')
    .option('--sub-user <id>', 'whose limits follow the plan');
  does<CustomerOptions>(create, run, async (context, { email, reference, subUser }, [name = '']) => {
    const body = { name, email: email ?? null, reference: reference ?? null, sub_user_id: subUser ?? null };
    const made = await context.customer().customers.create(body, { signal: context.terminal.signal });
    context.show(made, () => made.id);
    return undefined;
  });

  does(customers.command('delete <id>').description('delete a customer'), run, async (context, _options, [id = '']) => {
    await context.customer().customers.delete(id, { signal: context.terminal.signal });
    context.show({ id, deleted: true }, () => `Deleted ${id}.`);
    return undefined;
  });
}
