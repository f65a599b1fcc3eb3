import { useSignal } from '@preact/signals';
import type { ReceiptReport } from '@marvel/sdk';
import { formatBytes, formatExactBytes, formatPlural } from '../../format/bytes.ts';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { Button } from '../../ui/button.tsx';
import { Notice, ProblemNotice } from '../../ui/notice.tsx';
import { Card } from '../../ui/page.tsx';
import { Bytes } from '../../ui/show.tsx';
import { Table } from '../../ui/table.tsx';

/** The arithmetic of a report, from the first byte to the balance. */
function Sum({ report }: { readonly report: ReceiptReport }) {
  return (
    <dl class="facts-list">
      <dt>Before the oldest entry</dt>
      <dd>
        <Bytes value={report.openingBytes} />
      </dd>
      <dt>Credited</dt>
      <dd>
        + <Bytes value={report.creditedBytes} />
      </dd>
      <dt>Signed by gateways as used</dt>
      <dd>
        − <Bytes value={report.receiptedBytes} />
      </dd>
      <dt>Balance derived</dt>
      <dd>
        <strong>{formatExactBytes(report.balanceBytes)}</strong>
      </dd>
    </dl>
  );
}

/** Derives the balance again in this browser, from what the gateways signed. */
export function VerifyCard() {
  const report = useSignal<ReceiptReport | undefined>(undefined);
  const verify = useAction(async () => {
    report.value = undefined;
    // Signatures are checked by code that no other page needs.
    const { readReceiptEvidence, verifyReceipts } = await import('@marvel/sdk/verify');
    report.value = await verifyReceipts(await readReceiptEvidence(marvel));
  });
  const found = report.value;
  return (
    <Card
      title="Check the bill"
      aside={
        <Button kind="primary" isBusy={verify.isBusy} onClick={() => verify.run()}>
          {verify.isBusy ? 'Checking signatures…' : 'Check it in this browser'}
        </Button>
      }
    >
      <p class="soft">
        Reads the ledger, the receipts and the gateways' public keys, checks every signature and every gap here, and
        derives the balance anew. It believes the keys and nothing else.
      </p>
      {verify.problem !== undefined && <ProblemNotice problem={verify.problem} />}
      {found !== undefined && found.problems.length === 0 && (
        <Notice tone="good" title={`Right to the byte: ${formatBytes(found.balanceBytes)}`}>
          Every billed batch has a receipt that its gateway signed, and none is missing.
        </Notice>
      )}
      {found !== undefined && found.problems.length > 0 && (
        <>
          <Notice tone="bad" title={`${formatPlural(found.problems.length, 'thing does', 'things do')} not fit`}>
            Tell the operator the references below.
          </Notice>
          <Table
            caption="What does not fit"
            rows={found.problems}
            rowKey={({ code, reference }) => `${code} ${reference}`}
            columns={[
              { title: 'Problem', cell: ({ code }) => <code>{code}</code> },
              { title: 'Batch or entry', cell: ({ reference }) => <span class="mono wrap-any">{reference}</span> },
            ]}
          />
        </>
      )}
      {found !== undefined && <Sum report={found} />}
    </Card>
  );
}
