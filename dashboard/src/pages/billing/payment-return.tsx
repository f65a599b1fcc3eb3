import type { Invoice } from '@marvel/sdk';
import { useEffect, useState } from 'preact/hooks';
import { formatBytes } from '../../format/bytes.ts';
import { marvel } from '../../session/api.ts';
import { describeProblem, type Problem } from '../../session/problem.ts';
import { Notice, ProblemNotice } from '../../ui/notice.tsx';

const pollMs = 1500;
/** The payment provider tells the API within seconds; after a minute there is more to it than waiting. */
const maxPolls = 40;

type News = { readonly invoice: Invoice } | { readonly problem: Problem } | 'waiting' | 'late';

interface PaymentReturnProps {
  readonly invoiceId: string;
  readonly onPaid: () => void;
}

/** Watches an invoice until its payment has come: the payer is often here before the news of the payment is. */
export function PaymentReturn({ invoiceId, onPaid }: PaymentReturnProps) {
  const [news, setNews] = useState<News>('waiting');
  useEffect(() => {
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    function judge(invoice: Invoice, polls: number): void {
      if (invoice.status !== 'open') {
        setNews({ invoice });
        onPaid();
      } else if (polls < maxPolls) timer = setTimeout(() => look(polls + 1), pollMs);
      else setNews('late');
    }
    function look(polls: number): void {
      marvel.invoices.get(invoiceId, { signal: leaving.signal }).then(
        (invoice) => judge(invoice, polls),
        (error: unknown) => {
          if (!leaving.signal.aborted) setNews({ problem: describeProblem(error) });
        },
      );
    }
    look(1);
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [invoiceId]);
  if (news === 'waiting')
    return <Notice title="Waiting for the news of your payment…">This takes a few seconds.</Notice>;
  if (news === 'late') {
    return (
      <Notice tone="warn" title="The payment has not arrived yet">
        Some ways of paying take longer. The bytes are credited as soon as it arrives; you need not stay on this page.
      </Notice>
    );
  }
  if ('problem' in news) return <ProblemNotice problem={news.problem} />;
  const { status, bytes } = news.invoice;
  if (status === 'paid') {
    return (
      <Notice tone="good" title="Paid, thank you">
        {`${formatBytes(bytes)} were credited to your balance.`}
      </Notice>
    );
  }
  return (
    <Notice tone="warn" title={`This invoice is ${status}`}>
      It was not paid.
    </Notice>
  );
}
