-- Credentials and their caps. A cap is a budget of its own, `<credential>/<window>`: what is left of it in its window.

-- When the window that a moment lies in ends, in UTC; null for a total, which never does.
create function cap_window_end(p_window text, p_at timestamptz) returns timestamptz
language sql immutable parallel safe
return case p_window
  when 'day' then (date_trunc('day', p_at at time zone 'UTC') + interval '1 day') at time zone 'UTC'
  when 'month' then (date_trunc('month', p_at at time zone 'UTC') + interval '1 month') at time zone 'UTC'
end;

-- What a credential was billed in the window that a moment lies in, to the hour.
create function cap_used(p_account text, p_credential text, p_window text, p_at timestamptz) returns bigint
language sql stable
return (
  select coalesce(sum(bytes_up + bytes_down), 0)::bigint from usage_rollup
  where account_id = p_account and credential_id = p_credential and not test
    and hour >= case p_window
      when 'total' then '-infinity'::timestamptz
      else date_trunc(p_window, p_at at time zone 'UTC') at time zone 'UTC'
    end
);

-- Makes a credential's caps those of its limits. A changed cap keeps what was spent of it; a new one starts with what was
-- used in its window; one that is gone takes its leases with it.
create function sync_caps(p_account text, p_credential text, p_limits jsonb) returns void
language plpgsql as $$
declare
  v_now timestamptz;
begin
  perform from budget where id = p_account for no key update;
  v_now := clock_timestamp();
  with wanted as (
    select w.name, (p_limits ->> w.member)::bigint as cap_bytes
    from (values ('day', 'bytes_per_day'), ('month', 'bytes_per_month'), ('total', 'bytes_total')) as w (name, member)
    where p_limits ? w.member
  ), gone as (
    delete from budget b
    where b.account_id = p_account and b.credential_id = p_credential and b."window" not in (select name from wanted)
    returning b.id
  ), gone_leases as (
    delete from lease l where l.budget_id in (select id from gone)
  )
  insert into budget as b (id, account_id, credential_id, "window", cap_bytes, balance_bytes, window_ends_at)
  select p_credential || '/' || w.name, p_account, p_credential, w.name, w.cap_bytes,
    w.cap_bytes - cap_used(p_account, p_credential, w.name, v_now), cap_window_end(w.name, v_now)
  from wanted w
  on conflict (id) do update
    set cap_bytes = excluded.cap_bytes, balance_bytes = b.balance_bytes + excluded.cap_bytes - b.cap_bytes
    where b.cap_bytes <> excluded.cap_bytes;
end;
$$;

-- Makes the caps whole whose window has ended. The caller holds the accounts' budgets.
create function roll_caps(p_accounts text[], p_now timestamptz) returns void
language sql as $$
  update budget
    set balance_bytes = cap_bytes, window_ends_at = cap_window_end("window", p_now)
    where account_id = any (p_accounts) and window_ends_at <= p_now;
$$;

-- The same for other accounts, as many as are free: never waits, so it may follow any other lock. Gives how many it did.
create function roll_due_caps(p_limit integer) returns integer
language plpgsql as $$
declare
  v_accounts text[];
begin
  select array_agg(a.id) into v_accounts
  from (
    select b.id from budget b
    where b.id in (select due.account_id from budget due where due.window_ends_at <= clock_timestamp() limit p_limit)
    for no key update skip locked
  ) a;
  if v_accounts is null then
    return 0;
  end if;
  perform roll_caps(v_accounts, clock_timestamp());
  return cardinality(v_accounts);
end;
$$;

create function has_caps(p_limits jsonb) returns boolean
language sql immutable parallel safe
return p_limits ?| array['bytes_per_day', 'bytes_per_month', 'bytes_total'];

create function key_changed() returns trigger
language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into credential (id, account_id, kind, test) values (new.id, new.account_id, 'key', new.mode = 'test');
  end if;
  if new.revoked_at is not null then
    perform feed_bury('key', new.id);
    perform sync_caps(new.account_id, new.id, '{}');
    return null;
  end if;
  -- Caps first: a gateway that knows the key must know its caps.
  if has_caps(new.limits) or tg_op = 'UPDATE' and has_caps(old.limits) then
    perform sync_caps(new.account_id, new.id, new.limits);
  end if;
  perform feed_publish('key', new.id, jsonb_build_object(
    'account', new.account_id, 'digest', new.digest, 'test', new.mode = 'test', 'limits', new.limits));
  return null;
end;
$$;

create trigger api_key_publish after insert or update on api_key
  for each row execute function key_changed();

create function sub_user_changed() returns trigger
language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into credential (id, account_id, kind) values (new.id, new.account_id, 'sub_user');
  end if;
  if new.deleted_at is not null then
    perform feed_bury('sub_user', new.id);
    perform sync_caps(new.account_id, new.id, '{}');
    return null;
  end if;
  if has_caps(new.limits) or tg_op = 'UPDATE' and has_caps(old.limits) then
    perform sync_caps(new.account_id, new.id, new.limits);
  end if;
  perform feed_publish('sub_user', new.id, jsonb_build_object(
    'account', new.account_id, 'username', new.username, 'digest', new.digest, 'limits', new.limits));
  return null;
end;
$$;

create trigger sub_user_publish after insert or update on sub_user
  for each row execute function sub_user_changed();

create function authorized_source_changed() returns trigger
language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into credential (id, account_id, kind) values (new.id, new.account_id, 'authorized_source');
  end if;
  if new.deleted_at is not null then
    perform feed_bury('authorized_source', new.id);
    return null;
  end if;
  perform feed_publish('authorized_source', new.id, jsonb_build_object(
    'account', new.account_id, 'sub_user', new.sub_user_id, 'source', new.source, 'addresses', new.addresses));
  return null;
end;
$$;

create trigger authorized_source_publish after insert or update on authorized_source
  for each row execute function authorized_source_changed();
