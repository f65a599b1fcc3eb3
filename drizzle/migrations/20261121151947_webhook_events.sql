-- Outgoing webhooks. What happens to an account is written by what makes it happen, in the same transaction, with one
-- delivery for each endpoint that wants to hear of it: so none is lost, and none is doubled. Nothing here waits for
-- anybody: events and deliveries are only ever inserted by those who hold budgets.

create function wants_event(p_endpoint webhook_endpoint, p_type text) returns boolean
language sql immutable parallel safe
return p_endpoint.disabled_at is null and p_endpoint.deleted_at is null
  and (p_endpoint.events is null or p_endpoint.events ? p_type);

-- Cost: one index probe for an account that has no endpoints.
create function publish_event(p_account text, p_type text, p_data jsonb) returns void
language plpgsql as $$
declare
  v_id text := 'evt_' || replace(gen_random_uuid()::text, '-', '');
begin
  if not exists (select from webhook_endpoint e where e.account_id = p_account and e.deleted_at is null and wants_event(e, p_type)) then
    return;
  end if;
  insert into account_event (id, account_id, type, data) values (v_id, p_account, p_type, p_data);
  insert into webhook_delivery (id, account_id, endpoint_id, event_id, next_attempt_at)
  select 'whd_' || replace(gen_random_uuid()::text, '-', ''), p_account, e.id, v_id, now()
  from webhook_endpoint e
  where e.account_id = p_account and e.deleted_at is null and wants_event(e, p_type)
  order by e.created_at, e.id;
end;
$$;

-- The lowest of the balances to be told of that a fall has reached; null for none.
create function low_reached(p_before bigint, p_after bigint, p_low bigint[]) returns bigint
language sql immutable parallel safe
return (select min(t) from unnest(p_low) t where p_before > t and p_after <= t);

create function budget_fell() returns trigger
language plpgsql as $$
begin
  if new.credential_id is null then
    perform publish_event(new.account_id, 'balance.low', jsonb_build_object(
      'balance_bytes', new.balance_bytes,
      'threshold_bytes', low_reached(old.balance_bytes, new.balance_bytes, new.low_balance_bytes)));
  else
    perform publish_event(new.account_id, 'cap.reached', jsonb_build_object(
      'credential_id', new.credential_id, 'window', new."window", 'cap_bytes', new.cap_bytes,
      'window_ends_at', wire_time(new.window_ends_at)));
  end if;
  return null;
end;
$$;

create trigger budget_low after update of balance_bytes on budget
  for each row when (new.balance_bytes < old.balance_bytes and case
    when new.credential_id is null then low_reached(old.balance_bytes, new.balance_bytes, new.low_balance_bytes) is not null
    else old.balance_bytes > 0 and new.balance_bytes <= 0 and new.cap_bytes = old.cap_bytes end)
  execute function budget_fell();

create function node_moved() returns trigger
language plpgsql as $$
declare
  v_exit exit%rowtype;
begin
  select * into v_exit from exit where id = new.exit_id;
  perform publish_event(new.account_id, 'exit.re_pinned', jsonb_build_object(
    'session', new.session, 'generation', new.generation, 'previous_exit_id', old.exit_id, 'exit_id', new.exit_id,
    'exit_ip', v_exit.exit_ip, 'country', v_exit.country, 'expires_at', wire_time(new.expires_at)));
  return null;
end;
$$;

create trigger node_re_pinned after update of exit_id on node
  for each row when (new.exit_id <> old.exit_id and new.generation > old.generation)
  execute function node_moved();

create function tell_of_reversal(p_payment payment, p_type text, p_reference text) returns void
language sql as $$
  select publish_event(p_payment.account_id, p_type, jsonb_build_object(
    'payment_id', p_payment.id, 'invoice_id', p_payment.invoice_id, 'amount_cents', p_payment.amount_cents,
    'currency', p_payment.currency, 'reference', p_reference,
    'bytes', p_payment.bytes, 'taken_back_bytes', p_payment.taken_back_bytes));
$$;

-- Runs when all of the transaction is done, so that a refund that was heard of before its payment is told of after it.
create function payment_made() returns trigger
language plpgsql as $$
declare
  v_payment payment;
  v_back take_back;
begin
  select * into v_payment from payment where id = new.id;
  perform publish_event(v_payment.account_id, 'invoice.paid', jsonb_build_object(
    'payment_id', v_payment.id, 'invoice_id', v_payment.invoice_id, 'amount_cents', v_payment.amount_cents,
    'currency', v_payment.currency, 'bytes', v_payment.bytes));
  for v_back in
    select * from take_back t
    where t.payment_reference = v_payment.reference and t.reversed_at is null order by t.created_at, t.reference
  loop
    perform tell_of_reversal(v_payment, 'payment.' || case v_back.kind when 'refund' then 'refunded' else 'disputed' end, v_back.reference);
  end loop;
  return null;
end;
$$;

create constraint trigger payment_made after insert on payment
  deferrable initially deferred for each row execute function payment_made();

-- What is heard of before its payment is told of with it.
create function payment_taken_back() returns trigger
language plpgsql as $$
declare
  v_payment payment;
begin
  select * into v_payment from payment where reference = new.payment_reference;
  if not found then
    return null;
  end if;
  if tg_op = 'INSERT' and new.reversed_at is null then
    perform tell_of_reversal(v_payment, 'payment.' || case new.kind when 'refund' then 'refunded' else 'disputed' end, new.reference);
  elsif tg_op = 'UPDATE' and old.reversed_at is null and new.reversed_at is not null then
    perform tell_of_reversal(v_payment, 'payment.restored', new.reference);
  end if;
  return null;
end;
$$;

create constraint trigger payment_taken_back after insert or update of reversed_at on take_back
  deferrable initially deferred for each row execute function payment_taken_back();

-- A disabled or deleted endpoint gets nothing more.
create function webhook_endpoint_ended() returns trigger
language plpgsql as $$
begin
  update webhook_delivery set status = 'failed', next_attempt_at = null
  where endpoint_id = new.id and status = 'pending';
  return null;
end;
$$;

create trigger webhook_endpoint_ended after update of disabled_at, deleted_at on webhook_endpoint
  for each row when (new.disabled_at is not null and old.disabled_at is null
    or new.deleted_at is not null and old.deleted_at is null)
  execute function webhook_endpoint_ended();

-- Takes endpoints that something is due for, and nobody else delivers to, for so long; those first whose turn was longest
-- ago. Of each so many deliveries, in the order of their events. `p_account`: only those of one account.
-- Cost: an index probe for each endpoint that something waits for.
create function claim_deliveries(p_account text, p_endpoints integer, p_deliveries integer, p_lease_ms integer)
returns table (
  endpoint_id text, url text, secret_seed text, previous_seed text, claim text,
  delivery_id text, tries integer, attempts integer,
  event_id text, account_id text, type text, event_created_at text, data text
)
language plpgsql as $$
declare
  v_now timestamptz := clock_timestamp();
  v_claim timestamptz := v_now + p_lease_ms * interval '1 millisecond';
  v_endpoints text[];
begin
  with recursive waiting (id) as (
    (select d.endpoint_id from webhook_delivery d where d.status = 'pending' order by d.endpoint_id limit 1)
    union all
    select (select d.endpoint_id from webhook_delivery d
      where d.status = 'pending' and d.endpoint_id > w.id order by d.endpoint_id limit 1)
    from waiting w where w.id is not null
  ), candidate as (
    select w.id from waiting w where p_account is null
    union all
    select e.id from webhook_endpoint e where p_account is not null and e.account_id = p_account and e.deleted_at is null
  ), taken as (
    select e.id from webhook_endpoint e
    where e.id in (select c.id from candidate c) and e.disabled_at is null and e.deleted_at is null
      and (e.busy_until is null or e.busy_until <= v_now)
      and exists (select from webhook_delivery d
        where d.endpoint_id = e.id and d.status = 'pending' and d.next_attempt_at <= v_now)
    order by e.served_at nulls first, e.id
    limit p_endpoints
    for no key update skip locked
  ), claimed as (
    update webhook_endpoint e set busy_until = v_claim, served_at = v_now from taken t where e.id = t.id returning e.id
  )
  select array_agg(c.id) into v_endpoints from claimed c;

  return query
  select e.id, e.url, e.secret_seed, case when e.previous_ends_at > v_now then e.previous_seed end, v_claim::text,
    d.id, d.tries, d.attempts, a.id, a.account_id, a.type, wire_time(a.created_at), a.data::text
  from unnest(v_endpoints) c (id)
  join webhook_endpoint e on e.id = c.id
  cross join lateral (
    select w.* from webhook_delivery w
    where w.endpoint_id = e.id and w.status = 'pending' and w.next_attempt_at <= v_now
    order by w.seq limit p_deliveries
  ) d
  join account_event a on a.id = d.event_id
  order by e.id, d.seq;
end;
$$;

create function release_endpoint(p_endpoint text, p_claim text) returns void
language sql as $$
  update webhook_endpoint set busy_until = null where id = p_endpoint and busy_until = p_claim::timestamptz;
$$;

-- Keeps what became of one try. `p_wait_ms`: until the next one; null when it was the last. An endpoint that every try
-- has failed at for `p_failing_ms` is disabled.
create function record_attempt(
  p_delivery text, p_at timestamptz, p_duration_ms integer, p_status integer, p_error text, p_response text,
  p_wait_ms bigint, p_failing_ms bigint
) returns void
language plpgsql as $$
declare
  v_now timestamptz := clock_timestamp();
  v_delivery webhook_delivery;
  v_endpoint webhook_endpoint;
begin
  update webhook_delivery d
    set attempts = d.attempts + 1, tries = d.tries + 1,
      status = case when p_error is null then 'delivered' when p_wait_ms is null then 'failed' else d.status end,
      next_attempt_at = case when p_error is null or p_wait_ms is null or d.status <> 'pending' then null
        else v_now + p_wait_ms * interval '1 millisecond' end
    where d.id = p_delivery
    returning * into v_delivery;
  if not found then
    return;
  end if;
  insert into webhook_attempt (delivery_id, number, at, duration_ms, status, error, response)
  values (p_delivery, v_delivery.attempts, p_at, p_duration_ms, p_status, p_error, p_response);

  if p_error is null then
    update webhook_endpoint set failing_since = null where id = v_delivery.endpoint_id and failing_since is not null;
    return;
  end if;
  update webhook_endpoint e set failing_since = p_at
    where e.id = v_delivery.endpoint_id and e.failing_since is null and e.disabled_at is null;
  update webhook_endpoint e set disabled_at = v_now, disabled_reason = 'failing'
    where e.id = v_delivery.endpoint_id and e.disabled_at is null
      and e.failing_since <= v_now - p_failing_ms * interval '1 millisecond'
    returning * into v_endpoint;
  if found then
    perform publish_event(v_endpoint.account_id, 'webhook_endpoint.disabled', jsonb_build_object(
      'endpoint_id', v_endpoint.id, 'url', v_endpoint.url, 'failing_since', wire_time(v_endpoint.failing_since)));
  end if;
end;
$$;

-- Lets a delivery be tried anew from the start of its schedule. Outcome: due, not_found, conflict (its endpoint is
-- disabled or deleted, or it was tried too often).
create function redeliver(p_account text, p_delivery text, p_max_attempts integer) returns text
language plpgsql as $$
declare
  v_delivery webhook_delivery;
begin
  select * into v_delivery from webhook_delivery d where d.id = p_delivery and d.account_id = p_account for update;
  if not found then
    return 'not_found';
  end if;
  if v_delivery.attempts >= p_max_attempts or not exists (
    select from webhook_endpoint e
    where e.id = v_delivery.endpoint_id and e.disabled_at is null and e.deleted_at is null)
  then
    return 'conflict';
  end if;
  update webhook_delivery set status = 'pending', tries = 0, next_attempt_at = now() where id = p_delivery;
  return 'due';
end;
$$;

-- Lets an account have one more of something: waits for others that make one of its own, and counts what lives.
create function claim_room(p_account text, p_owned text, p_max integer) returns void
language plpgsql as $$
declare
  v_count bigint;
begin
  perform from budget where id = p_account for no key update;
  v_count := case p_owned
    when 'api_key' then (select count(*) from api_key where account_id = p_account and revoked_at is null)
    when 'sub_user' then (select count(*) from sub_user where account_id = p_account and deleted_at is null)
    when 'authorized_source' then (select count(*) from authorized_source where account_id = p_account and deleted_at is null)
    when 'webhook_endpoint' then (select count(*) from webhook_endpoint where account_id = p_account and deleted_at is null)
  end;
  if v_count >= p_max then
    raise exception 'an account has room for % of %', p_max, p_owned
      using errcode = 'check_violation', constraint = 'account_has_room';
  end if;
end;
$$;
