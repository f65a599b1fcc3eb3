-- Bytes that come back after their period is over expire as they would have: what was left of them at its end is gone.

-- What was used of an account's bytes from a payment on, until the transaction of that number; for good without one.
create function used_since_payment(p_payment payment, p_until bigint) returns bigint
language sql stable as $$
  select coalesce(-sum(e.bytes), 0)::bigint
  from ledger_entry e join ledger_transaction t on t.id = e.transaction_id
  where e.ledger_account_id = p_payment.account_id and t.cause = 'batch'
    and e.transaction_id > (select f.id from ledger_transaction f where f.cause = 'payment' and f.reference = p_payment.reference)
    and e.transaction_id <= coalesce(p_until, 9223372036854775807);
$$;

-- As before, and it keeps where in the ledger that was. Entries of an account are numbered under its budget's lock.
create or replace function expire_payment(p_id text) returns bigint
language plpgsql as $$
declare
  v_payment payment;
  v_balance bigint;
  v_expired bigint;
begin
  select * into v_payment from payment where id = p_id;
  select b.balance_bytes into v_balance from budget b where b.id = v_payment.account_id for no key update;
  v_expired := greatest(0, least(
    v_payment.bytes - v_payment.taken_back_bytes - used_since_payment(v_payment, null), v_balance));
  update payment
    set expired_bytes = v_expired,
      expired_after = (select max(e.transaction_id) from ledger_entry e where e.ledger_account_id = v_payment.account_id)
    where id = p_id;
  if v_expired > 0 then
    perform post_transfer('expiry', v_payment.reference, v_payment.invoice_id, v_payment.account_id, 'sys_expiry', -v_expired);
  end if;
  return v_expired;
end;
$$;

-- Takes out of the balance what came back of a payment that has expired, as far as it was left then. The caller holds the
-- payment and the budget.
create function expire_given_back(p_id text, p_given bigint, p_reference text) returns void
language plpgsql as $$
declare
  v_payment payment;
  v_balance bigint;
  v_more bigint;
begin
  select * into v_payment from payment where id = p_id;
  select b.balance_bytes into v_balance from budget b where b.id = v_payment.account_id;
  v_more := greatest(0, least(
    v_payment.bytes - v_payment.taken_back_bytes - used_since_payment(v_payment, v_payment.expired_after) - v_payment.expired_bytes,
    p_given, v_balance));
  if v_more > 0 then
    update payment set expired_bytes = expired_bytes + v_more where id = p_id;
    perform post_transfer('expiry', p_reference, v_payment.invoice_id, v_payment.account_id, 'sys_expiry', -v_more);
  end if;
end;
$$;

create or replace function apply_take_backs(p_payment_reference text, p_cause_reference text, p_note text) returns boolean
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
  -- Never more than has not expired: what expired is gone already.
  v_bytes := least(v_bytes, v_payment.bytes - coalesce(v_payment.expired_bytes, 0));
  if v_bytes <> v_payment.taken_back_bytes then
    perform from budget where id = v_payment.account_id for no key update;
    update payment set taken_back_bytes = v_bytes where id = v_payment.id;
    perform post_transfer('refund', p_cause_reference, p_note, v_payment.account_id, 'sys_refunds', v_payment.taken_back_bytes - v_bytes);
    if v_payment.expired_bytes is not null and v_bytes < v_payment.taken_back_bytes then
      perform expire_given_back(v_payment.id, v_payment.taken_back_bytes - v_bytes, p_cause_reference);
    end if;
  end if;
  return true;
end;
$$;
