/* ---
description: Late departures by route, day and cause. The source names no cause; the definition is ours (delay-cause).
time_column: flight_date
checks:
  - not_null: [flight_date, origin, dest, cause]
  - unique: [flight_date, origin, dest, cause]
  - accepted_values: {column: cause, values: [cancelled, late aircraft, weather, other]}
--- */
with aircraft as (
  -- A tail number that is not known is no aircraft: without the filter all of them would be one.
  select
    flight_id,
    lag(arr_delay) over (partition by flight_date, tailnum order by scheduled_at, flight_id) as delay_before
  from staging.flights
  where tailnum is not null and not cancelled
)
select
  flights.flight_date,
  flights.origin,
  flights.dest,
  case
    when flights.cancelled then 'cancelled'
    when aircraft.delay_before >= 15 then 'late aircraft'
    when weather.visib < 3 or weather.wind_speed >= 25 or weather.precip >= 0.1 then 'weather'
    else 'other'
  end as cause,
  count(*) as departures
from staging.flights as flights
left join aircraft on aircraft.flight_id = flights.flight_id
left join staging.weather as weather on weather.origin = flights.origin and weather.time_hour = flights.time_hour
where flights.late
group by all
