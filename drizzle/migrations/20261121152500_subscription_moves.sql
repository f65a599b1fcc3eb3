-- Subscriptions: what changes them, and what follows from it for limits, balances and invoices.
--
-- Lock order, before that of the ledger: sub-user, subscription, account, payments that may expire; then what `post_payment` takes.

-- Whether a status may become another. The mirror of `subscriptionTransitions` in shared/subscription-transition.
create function is_subscription_change(p_from text, p_to text) returns boolean
language sql immutable parallel safe
return (p_from, p_to) in (
  ('active', 'paused'), ('active', 'past_due'), ('active', 'cancelled'), ('active', 'completed'),
  ('paused', 'active'), ('paused', 'past_due'), ('paused', 'cancelled'), ('paused', 'completed'),
  ('past_due', 'active'), ('past_due', 'paused'), ('past_due', 'cancelled'), ('past_due', 'completed'));

create function is_subscription_over(p_status text) returns boolean
language sql immutable parallel safe
return p_status in ('cancelled', 'completed');

create function check_subscription_change() returns trigger
language plpgsql as $$
begin
  if not is_subscription_change(old.status, new.status) then
    raise exception 'a subscription cannot change so' using errcode = 'check_violation', constraint = 'subscription_transition';
  end if;
  if is_subscription_over(new.status) then
    new.ended_at := now();
    new.checkout_url := null;
  end if;
  return new;
end;
$$;

create trigger subscription_check before update of status on subscription
  for each row when (old.status <> new.status) execute function check_subscription_change();

-- A customer keeps its sub-user while a subscription goes on, and is not deleted. Runs once the row is locked.
create function check_customer_change() returns trigger
language plpgsql as $$
begin
  if exists (select from subscription s where s.customer_id = new.id and not is_subscription_over(s.status)) then
    raise exception 'the customer has a subscription' using errcode = 'check_violation', constraint = 'customer_idle';
  end if;
  return new;
end;
$$;

create trigger customer_check before update of sub_user_id, deleted_at on customer
  for each row when (old.sub_user_id is distinct from new.sub_user_id or old.deleted_at is distinct from new.deleted_at)
  execute function check_customer_change();

-- The lesser of the account's own limit and its plan's. The caller holds the account's budget, so that no other publisher
-- has a newer status or balance.
create or replace function publish_account(p_account text) returns void
language sql as $$
  select feed_publish('account', a.id, jsonb_build_object(
    'status', a.status, 'balance_bytes', b.balance_bytes, 'threads', least(a.threads, a.plan_threads)))
  from account a join budget b on b.id = a.id
  where a.id = p_account;
$$;

drop trigger account_publish on account;
create trigger account_publish after update of status, threads, plan_threads on account
  for each row when (old.status is distinct from new.status or old.threads is distinct from new.threads
    or old.plan_threads is distinct from new.plan_threads)
  execute function account_changed();

-- When the n-th period begins, counted from 0; always from the first one, so that a month's end stays a month's end.
create function subscription_period(p_anchor timestamptz, p_interval text, p_count integer, p_n integer) returns timestamptz
language sql immutable strict parallel safe
return (p_anchor at time zone 'UTC' + (p_n * p_count) * ('1 ' || p_interval)::interval) at time zone 'UTC';

-- Gives the sub-user of a customer's subscription the bytes of the period that `p_now` lies in: what it may spend in all
-- becomes what it has spent and those. What was left of the period before is gone.
-- The caller holds the sub-user and the subscription, which is active.
create function begin_customer_period(p_id text, p_now timestamptz) returns void
language plpgsql as $$
declare
  c_max_bytes constant bigint := 9007199254740991;
  s subscription;
  v_longest interval;
  v_n integer;
  v_used bigint;
begin
  select * into s from subscription where id = p_id;
  v_longest := s.interval_count * (case s.interval
    when 'day' then interval '1 day' when 'week' then interval '7 days'
    when 'month' then interval '31 days' else interval '366 days' end);
  v_n := greatest(0, floor(extract(epoch from p_now - s.created_at) / extract(epoch from v_longest)));
  -- A few at most: how much shorter months are than the longest.
  while subscription_period(s.created_at, s.interval, s.interval_count, v_n + 1) <= p_now loop
    v_n := v_n + 1;
  end loop;

  perform from budget where id = s.account_id for no key update;
  select b.cap_bytes - b.balance_bytes into v_used from budget b where b.id = s.sub_user_id || '/total';
  if not found then
    v_used := cap_used(s.account_id, s.sub_user_id, 'total', p_now);
  end if;
  update sub_user u
    set limits = (u.limits - 'paused' - 'threads')
      || jsonb_build_object('bytes_total', least(v_used, c_max_bytes - s.bytes) + s.bytes)
      || case when s.threads is null then '{}' else jsonb_build_object('threads', s.threads) end
    where u.id = s.sub_user_id;
  update subscription
    set periods_begun = periods_begun + 1,
      current_period_start = subscription_period(s.created_at, s.interval, s.interval_count, v_n),
      current_period_end = subscription_period(s.created_at, s.interval, s.interval_count, v_n + 1)
    where id = p_id;
end;
$$;

-- Begins the first period of a customer's subscription that was just written. Fails (subscription_start) when the customer
-- or its sub-user is no longer what it was written for.
create function start_customer_subscription(p_id text) returns void
language plpgsql as $$
declare
  s subscription;
begin
  select * into s from subscription where id = p_id;
  perform from sub_user u where u.id = s.sub_user_id and u.account_id = s.account_id and u.deleted_at is null for no key update;
  if found then
    perform from customer c
    where c.id = s.customer_id and c.account_id = s.account_id and c.sub_user_id = s.sub_user_id and c.deleted_at is null
    for no key update;
  end if;
  if not found then
    raise exception 'the customer has changed' using errcode = 'check_violation', constraint = 'subscription_start';
  end if;
  perform begin_customer_period(p_id, s.created_at);
end;
$$;

-- Lets a sub-user in, or keeps it out, as its subscription is.
create function follow_customer_subscription(p_sub_user text, p_status text) returns void
language sql as $$
  update sub_user
    set limits = case when p_status = 'active' then limits - 'paused' else limits || '{"paused": true}' end
    where id = p_sub_user and deleted_at is null;
$$;

-- What becomes of a customer's subscription whose period is over: it ends, or the next period begins.
-- The caller holds the sub-user and the subscription.
create function turn_customer_subscription(p_id text, p_now timestamptz) returns void
language plpgsql as $$
declare
  s subscription;
  v_end text;
begin
  select * into s from subscription where id = p_id;
  v_end := case when s.cancel_at_period_end then 'cancelled' when s.periods_begun >= s.periods then 'completed' end;
  if v_end is not null then
    update subscription set status = v_end where id = p_id;
    perform follow_customer_subscription(s.sub_user_id, v_end);
  elsif s.status = 'active' then
    perform begin_customer_period(p_id, p_now);
  end if;
end;
$$;

-- Turns customers' subscriptions whose period is over, as many as are free: waits for budgets only, and those in their
-- order, so it can run at any time. Gives how many it turned.
create function turn_subscriptions(p_limit integer) returns integer
language plpgsql as $$
declare
  v_now timestamptz := clock_timestamp();
  v_due record;
  v_turned integer := 0;
begin
  for v_due in
    select s.id, s.sub_user_id from subscription s
    where s.customer_id is not null and s.status in ('active', 'paused') and s.current_period_end <= v_now
      and (s.status = 'active' or s.cancel_at_period_end or s.periods_begun >= s.periods)
    order by s.account_id, s.current_period_end
    limit p_limit
  loop
    perform from sub_user u where u.id = v_due.sub_user_id for no key update skip locked;
    continue when not found;
    perform from subscription s
    where s.id = v_due.id and s.status in ('active', 'paused') and s.current_period_end <= v_now
    for no key update skip locked;
    continue when not found;
    perform turn_customer_subscription(v_due.id, v_now);
    v_turned := v_turned + 1;
  end loop;
  return v_turned;
end;
$$;

-- An account has the tunnels of its plan from the first payment until the plan is over.
create function follow_own_subscription(p_account text, p_status text, p_threads integer) returns void
language sql as $$
  update account a set plan_threads = case when p_status in ('active', 'paused') then p_threads end
  where a.id = p_account and p_status <> 'past_due'
    and a.plan_threads is distinct from case when p_status in ('active', 'paused') then p_threads end;
$$;

-- Takes one step of a subscription, if it still has the status that the step was decided on.
-- Outcome: changed, conflict, not_found.
create function change_subscription(p_account text, p_id text, p_from text, p_to text) returns text
language plpgsql as $$
declare
  v_now timestamptz;
  s subscription;
begin
  perform from sub_user u
  where u.id = (select f.sub_user_id from subscription f where f.id = p_id and f.account_id = p_account) for no key update;
  select * into s from subscription f where f.id = p_id and f.account_id = p_account for no key update;
  if not found then
    return 'not_found';
  end if;
  if s.status <> p_from then
    return 'conflict';
  end if;
  update subscription set status = p_to where id = p_id;
  v_now := clock_timestamp();
  if s.customer_id is null then
    perform follow_own_subscription(p_account, p_to, s.threads);
  elsif p_to = 'active' and s.current_period_end <= v_now then
    perform turn_customer_subscription(p_id, v_now);
  else
    perform follow_customer_subscription(s.sub_user_id, p_to);
  end if;
  return 'changed';
end;
$$;

-- A customer without its sub-user has nothing left to use.
create function end_subscriptions_of_sub_user() returns trigger
language plpgsql as $$
begin
  update subscription set status = 'cancelled' where sub_user_id = new.id and not is_subscription_over(status);
  update customer set sub_user_id = null where sub_user_id = new.id;
  return null;
end;
$$;

create trigger sub_user_end_subscriptions after update of deleted_at on sub_user
  for each row when (old.deleted_at is null and new.deleted_at is not null) execute function end_subscriptions_of_sub_user();

-- Makes an account's own subscription what Stripe said that it is when it was asked at `p_asked_at` by this database's
-- clock: a later word stands, in whatever order they come.
-- Outcome: synced, stale, over (it ended here before), still_runs (it did, and Stripe still bills it); or, changing nothing
-- and leaving an anomaly: unknown_subscription, second_subscription.
create function sync_subscription(p_id text, p_stripe text, p_status text, p_is_ending boolean, p_asked_at timestamptz)
returns text
language plpgsql as $$
declare
  s subscription;
  v_to text;
begin
  select * into s from subscription where id = p_id and customer_id is null for no key update;
  if not found or s.stripe_subscription_id <> p_stripe then
    v_to := case when s.id is null then 'unknown_subscription' else 'second_subscription' end;
    perform note_payment_anomaly(v_to, p_stripe, jsonb_build_object('subscription', p_id));
    return v_to;
  end if;
  if s.stripe_asked_at >= p_asked_at then
    return 'stale';
  end if;
  update subscription set stripe_subscription_id = p_stripe, stripe_asked_at = p_asked_at where id = p_id;
  if is_subscription_over(s.status) then
    return case when is_subscription_over(p_status) then 'over' else 'still_runs' end;
  end if;
  v_to := case when p_status = 'cancelled' and s.periods_begun >= s.periods then 'completed' else p_status end;
  update subscription
    set status = v_to, cancel_at_period_end = p_is_ending,
      checkout_url = case when v_to = 'past_due' and s.periods_begun = 0 then s.checkout_url end
    where id = p_id;
  perform follow_own_subscription(s.account_id, v_to, s.threads);
  return 'synced';
end;
$$;

-- Takes out of the balance what is left of a payment's bytes, once. What was used since it came counts against it first;
-- what was taken back already is not left. Cost: the account's entries since the payment.
-- Gives how many bytes expired. The caller holds the payment.
create function expire_payment(p_id text) returns bigint
language plpgsql as $$
declare
  v_payment payment;
  v_balance bigint;
  v_used bigint;
  v_expired bigint;
begin
  select * into v_payment from payment where id = p_id;
  select b.balance_bytes into v_balance from budget b where b.id = v_payment.account_id for no key update;
  select coalesce(-sum(e.bytes), 0) into v_used
  from ledger_entry e join ledger_transaction t on t.id = e.transaction_id
  where e.ledger_account_id = v_payment.account_id and t.cause = 'batch'
    and e.transaction_id > (select f.id from ledger_transaction f where f.cause = 'payment' and f.reference = v_payment.reference);
  v_expired := greatest(0, least(v_payment.bytes - v_payment.taken_back_bytes - v_used, v_balance));
  update payment set expired_bytes = v_expired where id = p_id;
  if v_expired > 0 then
    perform post_transfer('expiry', v_payment.reference, v_payment.invoice_id, v_payment.account_id, 'sys_expiry', -v_expired);
  end if;
  return v_expired;
end;
$$;

-- Expires what is due, as many payments as are free: waits for budgets only, and those in their order. Gives how many.
create function expire_payments(p_limit integer) returns integer
language plpgsql as $$
declare
  v_due record;
  v_done integer := 0;
begin
  for v_due in
    select p.id from payment p
    where p.expires_at <= clock_timestamp() and p.expired_bytes is null
    order by p.account_id, p.expires_at
    limit p_limit
  loop
    perform from payment p where p.id = v_due.id and p.expired_bytes is null for no key update skip locked;
    continue when not found;
    perform expire_payment(v_due.id);
    v_done := v_done + 1;
  end loop;
  return v_done;
end;
$$;

-- As before, and never more than has not expired: what expired is gone already.
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
  v_bytes := least(v_bytes, v_payment.bytes - coalesce(v_payment.expired_bytes, 0));
  if v_bytes <> v_payment.taken_back_bytes then
    perform from budget where id = v_payment.account_id for no key update;
    update payment set taken_back_bytes = v_bytes where id = v_payment.id;
    perform post_transfer('refund', p_cause_reference, p_note, v_payment.account_id, 'sys_refunds', v_payment.taken_back_bytes - v_bytes);
  end if;
  return true;
end;
$$;

-- Makes an account's invoice of one period what Stripe says of it, and credits the period's bytes once it is paid; what is
-- left of the period before it expires then. A paid invoice stays paid.
--
-- `p_reference`: the payment, of a paid one. Outcome: written, repeat; of a paid one that of `post_payment`; or, leaving an
-- anomaly, unknown_subscription.
create function post_subscription_invoice(
  p_id text, p_payment_id text, p_subscription text, p_stripe_invoice text, p_status text, p_reference text,
  p_amount_cents integer, p_currency text, p_start timestamptz, p_end timestamptz, p_url text
) returns text
language plpgsql as $$
declare
  -- Stripe takes the money of a renewal about an hour after the period before it, and tries again for days.
  c_grace constant interval := interval '1 day';
  c_ranks constant text[] := array['open', 'uncollectible', 'void', 'paid'];
  s subscription;
  v_invoice invoice;
  v_outcome text;
begin
  select * into s from subscription where id = p_subscription and customer_id is null for no key update;
  if not found then
    perform note_payment_anomaly('unknown_subscription', p_stripe_invoice, jsonb_build_object('subscription', p_subscription));
    return 'unknown_subscription';
  end if;
  perform from payment p join invoice i on i.id = p.invoice_id
  where i.subscription_id = s.id and p.expired_bytes is null and p.expires_at <= p_start + c_grace
  order by p.id for no key update of p;

  insert into invoice (id, account_id, subscription_id, stripe_invoice_id, description, bytes, amount_cents, currency)
  values (p_id, s.account_id, s.id, p_stripe_invoice, s.name, s.bytes, p_amount_cents, p_currency)
  on conflict (stripe_invoice_id) do nothing;
  select * into v_invoice from invoice where stripe_invoice_id = p_stripe_invoice;
  if array_position(c_ranks, v_invoice.status) > array_position(c_ranks, p_status) then
    return 'repeat';
  end if;
  if p_status <> 'paid' then
    update invoice
      set status = p_status, checkout_url = p_url, amount_cents = p_amount_cents,
        voided_at = case when p_status = 'void' then coalesce(voided_at, now()) end
      where id = v_invoice.id and status <> 'paid';
    return 'written';
  end if;

  -- What was due may have become less by credits and discounts; what is paid is paid.
  update invoice set amount_cents = p_amount_cents, currency = p_currency, checkout_url = null
  where id = v_invoice.id and status <> 'paid';
  v_outcome := post_payment(p_payment_id, p_reference, v_invoice.id, p_amount_cents, p_currency);
  if v_outcome <> 'credited' then
    return v_outcome;
  end if;
  update payment set expires_at = p_end + c_grace where reference = p_reference;
  update subscription
    set periods_begun = periods_begun + 1, checkout_url = null,
      current_period_start = case when p_end > coalesce(current_period_end, '-infinity') then p_start else current_period_start end,
      current_period_end = greatest(p_end, current_period_end)
    where id = s.id;
  perform expire_payment(p.id)
  from payment p join invoice i on i.id = p.invoice_id
  where i.subscription_id = s.id and p.expired_bytes is null and p.expires_at <= p_start + c_grace;
  return v_outcome;
end;
$$;
