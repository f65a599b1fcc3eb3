-- Endpoints hear of subscriptions, and a delivery ends with its endpoint.

create function subscription_changed() returns trigger
language plpgsql as $$
begin
  perform publish_event(new.account_id, 'subscription.changed', jsonb_build_object(
    'subscription_id', new.id, 'plan_id', new.plan_id, 'customer_id', new.customer_id, 'status', new.status,
    'periods_begun', new.periods_begun, 'current_period_end', wire_time(new.current_period_end),
    'cancel_at_period_end', new.cancel_at_period_end));
  return null;
end;
$$;

create trigger subscription_changed after update of status, periods_begun, cancel_at_period_end on subscription
  for each row when (old.status <> new.status or old.periods_begun <> new.periods_begun
    or old.cancel_at_period_end <> new.cancel_at_period_end)
  execute function subscription_changed();

-- Ends deliveries that were written while their endpoint was being turned off or deleted: whoever did that could not see
-- them. Waits for nobody. Gives how many. Cost: an index probe for each endpoint that something waits for.
create function end_stray_deliveries(p_limit integer) returns integer
language plpgsql as $$
declare
  v_rows integer;
begin
  with recursive waiting (id) as (
    (select d.endpoint_id from webhook_delivery d where d.status = 'pending' order by d.endpoint_id limit 1)
    union all
    select (select d.endpoint_id from webhook_delivery d
      where d.status = 'pending' and d.endpoint_id > w.id order by d.endpoint_id limit 1)
    from waiting w where w.id is not null
  ), over as (
    select e.id from waiting w join webhook_endpoint e on e.id = w.id
    where e.disabled_at is not null or e.deleted_at is not null
  )
  update webhook_delivery set status = 'failed', next_attempt_at = null
  where id in (
    select d.id from webhook_delivery d
    where d.endpoint_id in (select o.id from over o) and d.status = 'pending'
    limit p_limit for update skip locked);
  get diagnostics v_rows = row_count;
  return v_rows;
end;
$$;

-- Removes what is over. Each part takes at most `p_limit` rows and none that another transaction holds, so that it never
-- waits and can run at any time, as often as one likes. Gives how many rows it removed or rolled.
create or replace function sweep(p_limit integer) returns integer
language plpgsql as $$
declare
  v_rows integer;
  v_total integer := roll_due_caps(p_limit) + end_stray_deliveries(p_limit);
begin
  delete from session where token_digest in (
    select token_digest from session where expires_at <= now() limit p_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_total := v_total + v_rows;
  delete from answer where id in (
    select id from answer where expires_at <= now() limit p_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_total := v_total + v_rows;
  -- With their deliveries and tries.
  delete from account_event where id in (
    select id from account_event where created_at <= now() - interval '30 days' limit p_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_total := v_total + v_rows;
  delete from lease where (gateway_id, budget_id) in (
    select gateway_id, budget_id from lease where expires_at <= now() limit p_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_total := v_total + v_rows;
  -- A node keeps its generation for a while, so that a session that comes back is seen to have another exit.
  delete from node where (account_id, session) in (
    select account_id, session from node where expires_at <= now() - interval '1 day' limit p_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_total := v_total + v_rows;
  return v_total;
end;
$$;
