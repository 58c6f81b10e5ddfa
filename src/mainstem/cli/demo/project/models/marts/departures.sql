/* ---
description: Every departure with the weather at its airport and hour.
kind: incremental
key: [flight_id]
time_column: scheduled_at
checks:
  - unique: [flight_id]
--- */
select
  flights.flight_id,
  flights.scheduled_at,
  flights.time_hour,
  flights.carrier,
  flights.origin,
  flights.dest,
  flights.late,
  weather.temp,
  weather.wind_speed,
  weather.precip,
  weather.visib
from staging.flights as flights
left join staging.weather as weather on weather.origin = flights.origin and weather.time_hour = flights.time_hour
