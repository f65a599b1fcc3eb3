import { formatMoney } from '@marvel/shared/money';
import { publicSession } from './checkout-session.ts';
import type { Invoice, SessionRecord } from './objects.ts';

/** What the page says above the form. */
export type Notice = 'none' | 'declined';

const pageStyle = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText; }
  main { width: min(26rem, 90vw); padding: 2rem 0; }
  h1 { font-size: 1.25rem; margin: 0 0 1rem; }
  .total { font-size: 2.25rem; font-weight: 700; margin: 0 0 1.5rem; }
  table { width: 100%; border-collapse: collapse; margin: 0 0 1.5rem; }
  td, th { padding: 0.5rem 0; border-bottom: 1px solid color-mix(in srgb, CanvasText 20%, transparent); text-align: left; }
  td:last-child, th:last-child { text-align: right; }
  small { opacity: 0.75; }
  form { display: grid; gap: 0.75rem; margin: 0 0 1rem; }
  button { font: inherit; font-weight: 600; padding: 0.75rem; border-radius: 0.5rem; border: 1px solid currentColor; background: none; color: inherit; cursor: pointer; }
  button.pay { background: #0a5; border-color: #0a5; color: #fff; }
  button:focus-visible, a:focus-visible { outline: 3px solid #59f; outline-offset: 2px; }
  .notice { border-left: 4px solid #c30; padding: 0.25rem 0.75rem; margin: 0 0 1rem; }
  a { color: inherit; }
`;

function escape(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
${body}
<p><small>This page stands in for Stripe on a local stack. No card is asked for and no money moves.</small></p>
</main>
</body>
</html>
`;
}

function link(url: string | null, text: string): string {
  return url === null ? '' : `<p><a href="${escape(url)}">${escape(text)}</a></p>`;
}

function itemRows(session: SessionRecord): string {
  return session.stand_in.items
    .map((item) => {
      const { recurring } = item.price;
      const every =
        recurring === null
          ? ''
          : ` every ${recurring.interval_count > 1 ? `${recurring.interval_count} ${recurring.interval}s` : recurring.interval}`;
      const name = `${escape(item.description ?? 'Item')} <small>× ${item.quantity}${every}</small>`;
      return `<tr><td>${name}</td><td>${escape(formatMoney(item.amount_total, item.currency))}</td></tr>`;
    })
    .join('\n');
}

/** Where the payer goes after paying. */
export function successUrl(session: SessionRecord): string {
  return (publicSession(session).success_url ?? '').replaceAll('{CHECKOUT_SESSION_ID}', session.id);
}

function declinedNotice(notice: Notice): string {
  return notice === 'declined'
    ? '<p class="notice" role="alert">Your card was declined. Nothing was charged.</p>\n'
    : '';
}

function payForm(total: string): string {
  return `<form method="post">
<button class="pay" name="action" value="pay">Pay ${escape(total)}</button>
<button name="action" value="decline">Pay with a card that is declined</button>
</form>`;
}

/** The page of an invoice of a subscription, whose card was declined. */
export function renderInvoicePage(invoice: Invoice, notice: Notice): string {
  if (invoice.status === 'paid') return page('Already paid', '<h1>This has been paid.</h1>');
  if (invoice.status !== 'open') return page('Closed', '<h1>This invoice is closed.</h1>\n<p>Nothing was charged.</p>');
  const total = formatMoney(invoice.amount_due, invoice.currency);
  return page(
    `Pay ${total}`,
    `<h1>Pay Marvel</h1>\n<p class="total">${escape(total)}</p>\n${declinedNotice(notice)}${payForm(total)}`,
  );
}

/** The page of a session: what is bought and the two buttons, or why there is nothing to pay any more. */
export function renderPaymentPage(session: SessionRecord, notice: Notice): string {
  if (session.status === 'complete') {
    return page('Already paid', `<h1>This has been paid.</h1>\n${link(successUrl(session), 'Back to the shop')}`);
  }
  if (session.status === 'expired') {
    return page(
      'Expired',
      `<h1>This checkout has expired.</h1>\n<p>Nothing was charged.</p>\n${link(session.cancel_url, 'Back to the shop')}`,
    );
  }
  const total = formatMoney(session.amount_total ?? 0, session.currency ?? 'usd');
  const declined = declinedNotice(notice);
  return page(
    `Pay ${total}`,
    `<h1>Pay Marvel</h1>
<p class="total">${escape(total)}</p>
${declined}<table>
<thead><tr><th>What</th><th>Price</th></tr></thead>
<tbody>
${itemRows(session)}
</tbody>
</table>
${payForm(total)}
${link(session.cancel_url, 'Cancel')}`,
  );
}

/** The page for an address that no session has. */
export function renderUnknownPage(): string {
  return page('Not found', '<h1>There is no such checkout.</h1>');
}
