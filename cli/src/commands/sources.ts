import type { Command } from 'commander';
import { does, type Run } from '../command.ts';
import { formatTime } from '../render/amount.ts';
import { table } from '../render/table.ts';

/** As many as an account can have. */
const maxListed = 1000;

/** What nobody would call a host name, so that a mistyped address or a range is answered as an address. */
const addressLike = /^[\d.]+$|[:/]/;

/** `sources …`: whose clients need no credentials. */
export function sourceCommands(program: Command, run: Run): void {
  const sources = program
    .command('sources')
    .description('addresses and host names whose clients need no credentials at the ProxyMesh port');
  does(sources.command('list').description('list the authorised sources'), run, async (context) => {
    const call = { signal: context.terminal.signal };
    const data = await context.customer().authorizedSources.list({ limit: 100 }, call).take(maxListed);
    context.show(data, () =>
      table(
        ['ID', 'SOURCE', 'STANDS FOR', 'FOUND', 'LIMITS OF', 'MADE'],
        data.map((row) => [
          row.id,
          row.value,
          row.addresses.join(' ') || 'nothing',
          formatTime(row.resolved_at),
          row.sub_user ?? 'the account',
          formatTime(row.created_at),
        ]),
        context.paint,
        'No sources yet. Authorise one with `marvel sources add <address or host name>`.',
      ),
    );
    return undefined;
  });

  const add = sources
    .command('add <address-or-host-name>')
    .description('let the clients of a public address in; a host name is looked up now and every minute')
    .option('--sub-user <id>', 'whose limits they get; without it they get those of the account');
  does<{ readonly subUser?: string }>(add, run, async (context, { subUser }, [value = '']) => {
    const kind = addressLike.test(value) ? 'ip' : 'hostname';
    const made = await context
      .customer()
      .authorizedSources.create({ kind, value, sub_user: subUser ?? null }, { signal: context.terminal.signal });
    context.show(made, () => made.id);
    const { addresses } = made;
    context.note(
      addresses.length === 0
        ? `${made.value} stands for no address yet. It is looked up again every minute.`
        : `${made.value} is authorised${kind === 'ip' ? '' : `, as ${addresses.join(' ')}`}. Gateways know within two seconds.`,
    );
    return undefined;
  });

  does(
    sources.command('remove <id>').description('ask its clients for credentials again; their open tunnels are cut'),
    run,
    async (context, _options, [id = '']) => {
      await context.customer().authorizedSources.delete(id, { signal: context.terminal.signal });
      context.show({ id, removed: true }, () => `Removed ${id}. No gateway knows it two seconds from now.`);
      return undefined;
    },
  );
}
