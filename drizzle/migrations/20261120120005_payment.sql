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

-- Takes the bytes of a refund or dispute out of the balance: in proportion to the money, rounded down but for the last
-- cent, and never more than the payment brought. Gives how many. The caller has locked the payment.
create function apply_take_back(p_take_back text, p_payment payment) returns bigint
language plpgsql as $$
declare
  v_kind text;
  v_cents bigint;
  v_before bigint;
  v_bytes bigint;
begin
  select kind into v_kind from take_back where reference = p_take_back;
  select sum(amount_cents), coalesce(sum(bytes), 0) into v_cents, v_before
  from take_back where payment_reference = p_payment.reference and reversed_at is null
    and (bytes is not null or reference = p_take_back);
  v_bytes := greatest(0, case when v_cents >= p_payment.amount_cents then p_payment.bytes
    else floor(p_payment.bytes::numeric * v_cents / p_payment.amount_cents) end - v_before);
  update take_back set bytes = v_bytes where reference = p_take_back;
  if v_bytes > 0 then
    perform from budget where id = p_payment.account_id for no key update;
    perform post_transfer('refund', p_take_back, v_kind, p_payment.account_id, 'sys_refunds', -v_bytes);
  end if;
  return v_bytes;
end;
$$;

-- Credits a payment and marks its invoice paid.
-- Outcome: credited, repeat; or, crediting nothing and leaving an anomaly: unknown_invoice, amount_mismatch, already_paid.
create function post_payment(p_id text, p_reference text, p_invoice text, p_amount_cents integer, p_currency text) returns text
language plpgsql as $$
declare
  v_invoice invoice;
  v_payment payment;
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
  values (p_id, p_reference, p_invoice, v_invoice.account_id, v_invoice.bytes, p_amount_cents, v_invoice.currency)
  returning * into v_payment;
  -- A payment of an invoice that was voided meanwhile is money all the same.
  update invoice set status = 'paid', paid_at = now(), voided_at = null where id = p_invoice;
  perform post_transfer('payment', p_reference, p_invoice, v_payment.account_id, 'sys_sales', v_payment.bytes);
  perform apply_take_back(t.reference, v_payment)
  from (select reference from take_back
    where payment_reference = p_reference and bytes is null and reversed_at is null
    order by created_at, reference) t;
  return 'credited';
end;
$$;

-- Takes back a refunded or disputed payment. Outcome: taken, repeat, pending (the payment is not known yet).
create function take_back_payment(p_reference text, p_kind text, p_payment_reference text, p_amount_cents integer) returns text
language plpgsql as $$
declare
  v_payment payment;
begin
  perform lock_payment(p_payment_reference);
  insert into take_back (reference, payment_reference, kind, amount_cents)
  values (p_reference, p_payment_reference, p_kind, p_amount_cents)
  on conflict (reference) do nothing;
  if not found then
    return 'repeat';
  end if;
  select * into v_payment from payment where reference = p_payment_reference;
  if not found then
    return 'pending';
  end if;
  perform apply_take_back(p_reference, v_payment);
  return 'taken';
end;
$$;

-- Undoes a take-back: the dispute was won, or the refund failed. Outcome: given, repeat, noted (it had taken nothing yet,
-- and now never will).
create function give_back_payment(p_reference text, p_kind text, p_payment_reference text) returns text
language plpgsql as $$
declare
  v_take_back take_back;
  v_account text;
begin
  perform lock_payment(p_payment_reference);
  insert into take_back (reference, payment_reference, kind, amount_cents, reversed_at)
  values (p_reference, p_payment_reference, p_kind, 0, now())
  on conflict (reference) do nothing;
  if found then
    return 'noted';
  end if;
  select * into v_take_back from take_back where reference = p_reference for no key update;
  if v_take_back.reversed_at is not null then
    return 'repeat';
  end if;
  update take_back set reversed_at = now() where reference = p_reference;
  if coalesce(v_take_back.bytes, 0) = 0 then
    return 'noted';
  end if;
  select account_id into v_account from payment where reference = v_take_back.payment_reference;
  perform from budget where id = v_account for no key update;
  perform post_transfer('refund', p_reference || '/reversed', p_kind, v_account, 'sys_refunds', v_take_back.bytes);
  return 'given';
end;
$$;
