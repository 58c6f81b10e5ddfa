/* ---
description: The weather of each hour, with its local date.
kind: view                         # nothing is stored: the SELECT is all there is
--- */
select
  origin,
  time_hour,
  make_date(year, month, day) as weather_date,
  temp,
  wind_speed,
  precip,
  visib
from weather.hourly
