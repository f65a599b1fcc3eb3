import type { AuditPage, AuditQuery } from '@marvel/sdk';
import { formatMoment } from '../../format/time.ts';
import { operator } from '../../session/api.ts';
import { More, useMore } from '../../ui/more.tsx';
import { Table } from '../../ui/table.tsx';
import { accountHref } from './account-list.tsx';

type AuditEntry = AuditPage['data'][number];

function Target({ target }: Pick<AuditEntry, 'target'>) {
  if (!target.startsWith('acc_')) return <span class="mono small">{target}</span>;
  return (
    <a class="mono small" href={accountHref(target)}>
      {target}
    </a>
  );
}

/** What was done, in words where it has some. */
function Detail({ detail }: Pick<AuditEntry, 'detail'>) {
  const entries = Object.entries(detail);
  if (entries.length === 0) return <span class="soft">–</span>;
  return (
    <span class="prose wrap-any small">
      {entries.map(([name, value]) => (
        <span class="block" key={name}>
          <span class="soft">{name.replaceAll('_', ' ')}</span>{' '}
          {typeof value === 'string' ? value : JSON.stringify(value)}
        </span>
      ))}
    </span>
  );
}

interface AuditTableProps {
  readonly first: AuditPage;
  readonly asked: AuditQuery;
}

/** What operators did, the newest first. */
export function AuditTable({ first, asked }: AuditTableProps) {
  const more = useMore(first, async (cursor) => operator.audit({ ...asked, cursor }));
  return (
    <>
      <Table
        caption="Audit log, the newest first"
        rows={more.rows}
        rowKey={({ id }) => String(id)}
        columns={[
          { title: 'When', cell: ({ at }) => <span class="nowrap">{formatMoment(at)}</span> },
          { title: 'Action', cell: ({ action }) => <code>{action}</code> },
          { title: 'Done to', cell: ({ target }) => <Target target={target} /> },
          { title: 'Detail', cell: ({ detail }) => <Detail detail={detail} /> },
          {
            title: 'Request',
            cell: ({ request_id: request }) =>
              request === null ? <span class="soft">–</span> : <span class="mono small">{request}</span>,
          },
        ]}
      />
      <More of={more} />
    </>
  );
}
