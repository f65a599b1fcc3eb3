-- Whoever changes a delivery and its endpoint takes the endpoint first, as one does that turns it off or deletes it: two that
-- wait for each other cannot be.

create or replace function record_attempt(
  p_delivery text, p_at timestamptz, p_duration_ms integer, p_status integer, p_error text, p_response text,
  p_wait_ms bigint, p_failing_ms bigint
) returns void
language plpgsql as $$
declare
  v_now timestamptz;
  v_delivery webhook_delivery;
  v_endpoint webhook_endpoint;
begin
  perform from webhook_endpoint e
    where e.id = (select d.endpoint_id from webhook_delivery d where d.id = p_delivery) for no key update;
  v_now := clock_timestamp();
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

create or replace function redeliver(p_account text, p_delivery text, p_max_attempts integer) returns text
language plpgsql as $$
declare
  v_endpoint webhook_endpoint;
  v_delivery webhook_delivery;
begin
  select * into v_endpoint from webhook_endpoint e
    where e.id = (select d.endpoint_id from webhook_delivery d where d.id = p_delivery and d.account_id = p_account)
    for no key update;
  select * into v_delivery from webhook_delivery d where d.id = p_delivery and d.account_id = p_account for update;
  if not found then
    return 'not_found';
  end if;
  if v_delivery.attempts >= p_max_attempts or v_endpoint.disabled_at is not null or v_endpoint.deleted_at is not null then
    return 'conflict';
  end if;
  update webhook_endpoint set held_until = null where id = v_delivery.endpoint_id and held_until is not null;
  update webhook_delivery set status = 'pending', tries = 0, next_attempt_at = now() where id = p_delivery;
  return 'due';
end;
$$;
