import type { AuditPage, AuditQuery } from '@marvel/sdk';
import { formatMoment } from '../../format/time.ts';
import { operator } from '../../session/api.ts';
import { More, useMore } from '../../ui/more.tsx';
import { Bytes } from '../../ui/show.tsx';
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

/** Longer than this, a value is folded away. */
const maxShownChars = 60;

function Value({ name, value }: { readonly name: string; readonly value: unknown }) {
  if (value === null) return <>none</>;
  if (typeof value === 'number' && name === 'bytes') return <Bytes value={value} />;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (typeof value === 'string' || text.length <= maxShownChars) return <>{text}</>;
  return (
    <details>
      <summary>Show</summary>
      <code>{text}</code>
    </details>
  );
}

/** What was done, line by line. */
function Detail({ detail }: Pick<AuditEntry, 'detail'>) {
  const entries = Object.entries(detail);
  if (entries.length === 0) return <span class="soft">–</span>;
  return (
    <div class="prose wrap-any small">
      {entries.map(([name, value]) => (
        <div key={name}>
          <span class="soft">{name.replaceAll('_', ' ')}</span> <Value name={name} value={value} />
        </div>
      ))}
    </div>
  );
}

interface AuditTableProps {
  readonly first: AuditPage;
  readonly asked: AuditQuery;
  /** Whether it says what each was done to. */
  readonly saysTarget?: boolean;
}

/** What operators did, the newest first. */
export function AuditTable({ first, asked, saysTarget = true }: AuditTableProps) {
  const more = useMore(first, async (cursor) => operator.audit({ ...asked, cursor }));
  return (
    <>
      <Table
        caption="Audit log, the newest first"
        rows={more.rows}
        rowKey={({ id }) => String(id)}
        columns={[
          { title: 'When', cell: ({ at }) => <span class="nowrap">{formatMoment(at)}</span> },
          {
            title: 'Action',
            cell: ({ action, request_id: request }) => (
              <>
                <code>{action}</code>
                {request !== null && <span class="sub mono nowrap">{request}</span>}
              </>
            ),
          },
          ...(saysTarget ? [{ title: 'Done to', cell: ({ target }: AuditEntry) => <Target target={target} /> }] : []),
          { title: 'Detail', cell: ({ detail }) => <Detail detail={detail} /> },
        ]}
      />
      <More of={more} />
    </>
  );
}
