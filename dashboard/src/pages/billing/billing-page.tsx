import { useSignal } from '@preact/signals';
import type { Bundle, Invoice, InvoiceList } from '@marvel/sdk';
import { useEffect } from 'preact/hooks';
import { bytesPerGb } from '../../format/bytes.ts';
import { formatMoney } from '@marvel/shared/money';
import { formatDate } from '../../format/time.ts';
import { route } from '../../router.ts';
import { marvel } from '../../session/api.ts';
import { useAction } from '../../session/use-action.ts';
import { useLoad, type Loading } from '../../session/use-load.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { Empty, LoadView } from '../../ui/load-view.tsx';
import { More, useMore } from '../../ui/more.tsx';
import { Notice, ProblemNotice } from '../../ui/notice.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { Bytes } from '../../ui/show.tsx';
import { Table } from '../../ui/table.tsx';
import { say } from '../../ui/toast.tsx';
import { PaymentReturn } from './payment-return.tsx';

const pageRows = 20;
const statusTones = { open: 'info', paid: 'good', void: '', uncollectible: 'bad' } as const;

function centsPerGb({ price_cents, bytes }: Bundle): number {
  return Math.round(price_cents / (bytes / bytesPerGb));
}

/** What is on sale. Buying leaves the site for the payment page, which comes back here. */
function Bundles({ of }: { readonly of: Loading<{ readonly data: readonly Bundle[] }> }) {
  const buying = useSignal<string | undefined>(undefined);
  const buy = useAction(async (bundle: Bundle) => {
    buying.value = bundle.id;
    const { checkout_url } = await marvel.checkout.create({ bundle_id: bundle.id });
    window.location.assign(checkout_url);
  });
  return (
    <section class="stack">
      <h2>Top up</h2>
      {buy.problem !== undefined && <ProblemNotice problem={buy.problem} />}
      <LoadView of={of} lines={2}>
        {({ data }) =>
          data.length === 0 ? (
            <Card>
              <Empty title="Nothing is on sale">The operator has not put a bundle on sale yet.</Empty>
            </Card>
          ) : (
            <ul class="columns">
              {data.map((bundle) => (
                <li class="card" key={bundle.id}>
                  <div class="cluster apart">
                    <h3>{bundle.name}</h3>
                    <span class="soft small">{formatMoney(centsPerGb(bundle), bundle.currency)} / GB</span>
                  </div>
                  <p class="price num">{formatMoney(bundle.price_cents, bundle.currency)}</p>
                  <Button
                    kind="primary"
                    label={`Buy ${bundle.name}`}
                    isBusy={buy.isBusy}
                    onClick={() => buy.run(bundle)}
                  >
                    {buy.isBusy && buying.value === bundle.id ? 'Opening the payment page…' : 'Buy'}
                  </Button>
                </li>
              ))}
            </ul>
          )
        }
      </LoadView>
    </section>
  );
}

function InvoiceTable({ first, onChange }: { readonly first: InvoiceList; readonly onChange: () => void }) {
  const more = useMore(first, async (cursor) => marvel.invoices.list({ limit: pageRows, cursor }));
  const voiding = useSignal<Invoice | undefined>(undefined);
  const voidIt = useAction(async ({ id }: Invoice) => {
    await marvel.invoices.void(id);
    voiding.value = undefined;
    say('The invoice is void');
    onChange();
  });
  const chosen = voiding.value;
  return (
    <>
      <Table
        caption="Invoices"
        rows={more.rows}
        rowKey={({ id }) => id}
        columns={[
          {
            title: 'Invoice',
            cell: ({ description, id }) => (
              <>
                {description}
                <span class="sub mono">{id}</span>
              </>
            ),
          },
          { title: 'Status', cell: ({ status }) => <span class={`badge ${statusTones[status]}`}>{status}</span> },
          { title: 'Written', cell: ({ created_at }) => <span class="nowrap">{formatDate(created_at)}</span> },
          { title: 'Bytes', right: true, cell: ({ bytes }) => <Bytes value={bytes} /> },
          { title: 'Amount', right: true, cell: (row) => formatMoney(row.amount_cents, row.currency) },
          {
            title: 'Actions',
            isActions: true,
            cell: (invoice) =>
              invoice.status === 'open' && (
                <>
                  {invoice.checkout_url !== null && (
                    <a
                      class="button small"
                      href={invoice.checkout_url}
                      aria-label={`Pay ${invoice.description}, ${invoice.id}`}
                    >
                      Pay
                    </a>
                  )}
                  <Button small kind="quiet" label={`Void ${invoice.id}`} onClick={() => (voiding.value = invoice)}>
                    Void
                  </Button>
                </>
              ),
          },
        ]}
      />
      <More of={more} />
      {chosen !== undefined && (
        <Confirm
          title="Void this invoice?"
          verb="Void it"
          isBusy={voidIt.isBusy}
          problem={voidIt.problem}
          onClose={() => {
            voiding.value = undefined;
            voidIt.reset();
          }}
          onConfirm={() => voidIt.run(chosen)}
        >
          <p>{chosen.description} can no longer be paid then.</p>
        </Confirm>
      )}
    </>
  );
}

/** Bundles, invoices, and what became of a payment. */
export function BillingPage() {
  const bundles = useLoad(async (signal) => marvel.bundles.list({ signal }));
  const usage = useLoad(async (signal) => marvel.usage.get({ from: new Date(), group_by: 'day' }, { signal }));
  const invoices = useLoad(async (signal) => marvel.invoices.list({ limit: pageRows }, { signal }));
  const { query } = route.value;
  const invoiceId = query.get('invoice');
  const subscriptionId = query.get('subscription');
  const outcome = query.get('checkout');
  // The browser keeps a page as it was when it comes back from the payment page with its own button.
  useEffect(() => {
    const refresh = (event: PageTransitionEvent) => {
      if (event.persisted) window.location.reload();
    };
    window.addEventListener('pageshow', refresh);
    return () => window.removeEventListener('pageshow', refresh);
  }, []);
  return (
    <Page
      title="Billing"
      lead="Bytes are bought ahead and do not expire with the month."
      actions={
        <LoadView of={usage} lines={1}>
          {({ balance_bytes }) => (
            <span>
              Balance <strong>{<Bytes value={balance_bytes} />}</strong>
            </span>
          )}
        </LoadView>
      }
    >
      {invoiceId !== null && outcome === 'done' && (
        <PaymentReturn
          key={invoiceId}
          invoiceId={invoiceId}
          onPaid={() => {
            usage.reload();
            invoices.reload();
          }}
        />
      )}
      {subscriptionId !== null && outcome === 'done' && (
        <Notice tone="good" title="Thank you">
          <span>
            The period begins, and its bytes are credited, as soon as the payment has arrived.{' '}
            <a href="/subscriptions">See your subscriptions</a>
          </span>
        </Notice>
      )}
      {outcome === 'cancelled' && (
        <Notice tone="warn" title="The payment was cancelled">
          {subscriptionId === null
            ? 'Nothing was charged. The invoice is still open: pay it below, or void it.'
            : 'Nothing was charged. The subscription waits for its first payment.'}
        </Notice>
      )}
      <Bundles of={bundles} />
      <Card title="Invoices" flush>
        <LoadView of={invoices}>
          {(first) =>
            first.data.length === 0 ? (
              <Empty title="No invoices yet">Each purchase writes one.</Empty>
            ) : (
              <InvoiceTable first={first} onChange={invoices.reload} />
            )
          }
        </LoadView>
      </Card>
    </Page>
  );
}
