-- What grows by the hour for ever is cut into months: a month that nobody may ask for any more is dropped whole, which costs
-- the same however much was in it, and what is added goes into indexes of one month's size.

alter table usage_rollup rename to usage_rollup_whole;
alter table usage_rollup_whole rename constraint usage_rollup_key to usage_rollup_whole_key;
create table usage_rollup (like usage_rollup_whole including defaults including constraints) partition by range (hour);
alter table usage_rollup add constraint usage_rollup_key
  unique nulls not distinct (account_id, hour, credential_id, exit_id, country, network, dialect);

alter table rejection rename to rejection_whole;
alter table rejection_whole rename constraint rejection_key to rejection_whole_key;
create table rejection (like rejection_whole including defaults including constraints) partition by range (hour);
alter table rejection add constraint rejection_key unique (account_id, hour, credential_id, dialect, code);

alter table exit_dial rename to exit_dial_whole;
alter table exit_dial_whole rename constraint exit_dial_hour_exit_id_gateway_id_pk to exit_dial_whole_pk;
create table exit_dial (like exit_dial_whole including defaults including constraints) partition by range (hour);
alter table exit_dial add constraint exit_dial_hour_exit_id_gateway_id_pk primary key (hour, exit_id, gateway_id);

select ensure_month(t.name, t.month, 70) from (
  select 'usage_rollup' as name, date_trunc('month', hour, 'UTC') as month from usage_rollup_whole group by 2
  union all select 'rejection', date_trunc('month', hour, 'UTC') from rejection_whole group by 2
  union all select 'exit_dial', date_trunc('month', hour, 'UTC') from exit_dial_whole group by 2
) t;
insert into usage_rollup select * from usage_rollup_whole;
insert into rejection select * from rejection_whole;
insert into exit_dial select * from exit_dial_whole;

-- The same as before; its body was bound to the table that goes. A cap that is set anew starts with what is still kept.
create or replace function cap_used(p_account text, p_credential text, p_window text, p_at timestamptz) returns bigint
language sql stable
return (
  select coalesce(sum(bytes_up + bytes_down), 0)::bigint from usage_rollup
  where account_id = p_account and credential_id = p_credential and not test
    and hour >= case p_window
      when 'total' then '-infinity'::timestamptz
      else date_trunc(p_window, p_at at time zone 'UTC') at time zone 'UTC'
    end
);

drop table usage_rollup_whole, rejection_whole, exit_dial_whole;

-- Adds a batch to the roll-ups of usage and of refusals. The caller holds the accounts' budgets.
create or replace function roll_up_batch(p_body jsonb, p_records batch_use[], p_hour timestamptz, p_now timestamptz) returns void
language plpgsql as $$
begin
  -- A job makes the months ahead; a batch never waits for it to have run.
  perform ensure_month('usage_rollup', p_hour, 70), ensure_month('rejection', p_hour, 70), ensure_month('exit_dial', p_now, 70);
  insert into usage_rollup as u (account_id, hour, credential_id, exit_id, country, network, dialect, exit_grade, test,
    bytes_up, bytes_down, connections)
  select r.account, p_hour, r.credential, r.exit, r.country, r.network, r.dialect, min(r.grade), bool_or(r.test),
    sum(r.bytes_up), sum(r.bytes_down), sum(r.connections)
  from unnest(p_records) r
  where r.bytes_up > 0 or r.bytes_down > 0 or r.connections > 0
  group by r.account, r.credential, r.exit, r.country, r.network, r.dialect
  on conflict on constraint usage_rollup_key do update
    set bytes_up = u.bytes_up + excluded.bytes_up, bytes_down = u.bytes_down + excluded.bytes_down,
      connections = u.connections + excluded.connections;

  update credential c set last_used_at = p_now
  where c.id in (select r.credential from unnest(p_records) r where r.bytes_up > 0 or r.bytes_down > 0 or r.connections > 0)
    and (c.last_used_at is null or c.last_used_at < p_now - interval '1 minute');

  insert into rejection as j (account_id, hour, credential_id, dialect, code, count, last_at)
  select r.account, p_hour, r.credential, r.dialect, f.key, sum(f.value::bigint), p_now
  from jsonb_to_recordset(p_body -> 'records') as r (account text, credential text, dialect text, refused jsonb)
  join credential c on c.id = r.credential and c.account_id = r.account
  cross join jsonb_each_text(r.refused) f
  where r.refused <> '{}' and f.value::bigint > 0 and is_plausible(f.value::bigint)
  group by r.account, r.credential, r.dialect, f.key
  on conflict on constraint rejection_key do update
    set count = j.count + excluded.count, last_at = excluded.last_at;
end;
$$;

-- For how long each table keeps its months, and how full their pages are made.
create function kept_months() returns table (table_name text, kept interval, fill_percent integer)
language sql immutable as $$
  values
    ('usage_rollup', interval '25 months', 70),
    ('rejection', interval '4 months', 70),
    ('exit_dial', interval '1 month', 70),
    ('batch_receipt', interval '400 days', 100);
$$;

-- Makes the partitions of this month and the two that come, and drops those that ended longer ago than they are kept. Gives
-- the names of the latter. To drop one locks its table against everybody for a moment: who does not get that lock at
-- once leaves it to the next run.
create function keep_months(p_now timestamptz) returns setof text
language plpgsql as $$
declare
  v_old text;
begin
  perform ensure_month(k.table_name, p_now + n * interval '1 month', k.fill_percent)
  from kept_months() k, generate_series(0, 2) n;
  perform set_config('lock_timeout', '1s', true);
  for v_old in
    select c.relname
    from kept_months() k
    join pg_inherits i on i.inhparent = to_regclass(k.table_name)
    join pg_class c on c.oid = i.inhrelid
    where (to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month') at time zone 'UTC' <= p_now - k.kept
  loop
    execute format('drop table %I', v_old);
    return next v_old;
  end loop;
exception when lock_not_available then
  return;
end;
$$;

select keep_months(now());
