-- Payments. Each is posted once by its natural key, whatever the number and order of the messages that tell of it.

-- Notes an anomaly of a payment once.
create function note_payment_anomaly(p_kind text, p_reference text, p_detail jsonb) returns void
language sql as $$
  insert into anomaly (kind, source, detail)
  select p_kind, p_reference, p_detail
  where not exists (select from anomaly a where a.kind = p_kind and a.source = p_reference);
$$;

-- One message of a payment at a time: refunds and disputes may come before it.
create function lock_payment(p_reference text) returns void
language sql as $$
  select pg_advisory_xact_lock(hashtextextended('payment/' || p_reference, 0));
$$;

-- Makes what was taken back of a payment what its refunds and disputes say now: in proportion to the money, rounded down
-- to whole bytes, and never more than the payment brought. What follows from them does not depend on their order.
-- False when the payment is not known yet. The caller has locked the payment.
create function apply_take_backs(p_payment_reference text, p_cause_reference text, p_note text) returns boolean
language plpgsql as $$
declare
  v_payment payment;
  v_cents bigint;
  v_bytes bigint;
begin
  select * into v_payment from payment where reference = p_payment_reference for no key update;
  if not found then
    return false;
  end if;
  select coalesce(sum(amount_cents), 0) into v_cents
  from take_back where payment_reference = p_payment_reference and reversed_at is null;
  v_bytes := case
    when v_cents >= v_payment.amount_cents then case when v_cents > 0 then v_payment.bytes else 0 end
    else floor(v_payment.bytes::numeric * v_cents / v_payment.amount_cents) end;
  if v_bytes <> v_payment.taken_back_bytes then
    perform from budget where id = v_payment.account_id for no key update;
    update payment set taken_back_bytes = v_bytes where id = v_payment.id;
    perform post_transfer('refund', p_cause_reference, p_note, v_payment.account_id, 'sys_refunds', v_payment.taken_back_bytes - v_bytes);
  end if;
  return true;
end;
$$;

-- Credits a payment and marks its invoice paid.
-- Outcome: credited, repeat; or, crediting nothing and leaving an anomaly: unknown_invoice, amount_mismatch, already_paid.
create function post_payment(p_id text, p_reference text, p_invoice text, p_amount_cents integer, p_currency text) returns text
language plpgsql as $$
declare
  v_invoice invoice;
  v_outcome text;
begin
  perform lock_payment(p_reference);
  if exists (select from payment where reference = p_reference) then
    return 'repeat';
  end if;
  select * into v_invoice from invoice where id = p_invoice for no key update;
  v_outcome := case
    when not found then 'unknown_invoice'
    when lower(p_currency) <> v_invoice.currency or p_amount_cents < v_invoice.amount_cents then 'amount_mismatch'
    when exists (select from payment where invoice_id = p_invoice) then 'already_paid'
  end;
  if v_outcome is not null then
    perform note_payment_anomaly(v_outcome, p_reference,
      jsonb_build_object('invoice', p_invoice, 'amount_cents', p_amount_cents, 'currency', p_currency));
    return v_outcome;
  end if;

  perform from budget where id = v_invoice.account_id for no key update;
  insert into payment (id, reference, invoice_id, account_id, bytes, amount_cents, currency)
  values (p_id, p_reference, p_invoice, v_invoice.account_id, v_invoice.bytes, p_amount_cents, v_invoice.currency);
  -- A payment of an invoice that was voided meanwhile is money all the same.
  update invoice set status = 'paid', paid_at = now(), voided_at = null where id = p_invoice;
  perform post_transfer('payment', p_reference, p_invoice, v_invoice.account_id, 'sys_sales', v_invoice.bytes);
  perform apply_take_backs(p_reference, p_reference, 'before the payment');
  return 'credited';
end;
$$;

-- Takes back a refunded or disputed payment. Outcome: taken, repeat, pending (the payment is not known yet).
create function take_back_payment(p_reference text, p_kind text, p_payment_reference text, p_amount_cents integer) returns text
language plpgsql as $$
begin
  perform lock_payment(p_payment_reference);
  insert into take_back (reference, payment_reference, kind, amount_cents)
  values (p_reference, p_payment_reference, p_kind, p_amount_cents)
  on conflict (reference) do nothing;
  if not found then
    return 'repeat';
  end if;
  return case when apply_take_backs(p_payment_reference, p_reference, p_kind) then 'taken' else 'pending' end;
end;
$$;

-- Undoes a take-back: the dispute was won, or the refund failed. Outcome: given, repeat, noted (it had taken nothing yet,
-- and now never will).
create function give_back_payment(p_reference text, p_kind text, p_payment_reference text) returns text
language plpgsql as $$
begin
  perform lock_payment(p_payment_reference);
  insert into take_back (reference, payment_reference, kind, amount_cents, reversed_at)
  values (p_reference, p_payment_reference, p_kind, 0, now())
  on conflict (reference) do nothing;
  if found then
    return 'noted';
  end if;
  update take_back set reversed_at = now() where reference = p_reference and reversed_at is null;
  if not found then
    return 'repeat';
  end if;
  return case when apply_take_backs(p_payment_reference, p_reference || '/reversed', p_kind) then 'given' else 'noted' end;
end;
$$;
