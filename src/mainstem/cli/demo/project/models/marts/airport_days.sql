/* ---
description: Punctuality and weather of each airport and day.
kind: incremental
key: [flight_date, origin]
time_column: flight_date
columns:
  late: {description: Departures 15 minutes late or more and cancelled ones}
  hours_missing: {description: Hours of the day without weather}
checks:
  - not_null: [flight_date, origin]
  - unique: [flight_date, origin]
  - id: weather_every_hour
    expression: hours_missing = 0
    severity: warning              # published all the same: most of it is still of use
--- */
with hours as (
  select
    weather_date,
    origin,
    count(*) as hours_known,
    min(visib) as lowest_visib,
    max(wind_speed) as highest_wind
  from staging.weather
  group by weather_date, origin
),
days as (
  select
    flight_date,
    origin,
    count(*) as flights,
    count(*) filter (where cancelled) as cancelled,
    count(*) filter (where late) as late
  from staging.flights
  group by flight_date, origin
)
select
  days.flight_date,
  days.origin,
  days.flights,
  days.cancelled,
  days.late,
  -- 23 hours on 10 March, 25 on 3 November, 24 on all other days.
  date_diff(
    'hour',
    timezone('America/New_York', days.flight_date::timestamp),
    timezone('America/New_York', (days.flight_date + 1)::timestamp)
  ) - coalesce(hours.hours_known, 0) as hours_missing,
  hours.lowest_visib,
  hours.highest_wind
from days
left join hours on hours.weather_date = days.flight_date and hours.origin = days.origin
