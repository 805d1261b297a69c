-- Posts one reading per request. The minutes walk back from BENCH_NEWEST (seconds since 1970, a whole
-- minute in the past) and each is sent twice, so that half the requests create and half replace.
dofile(os.getenv("BENCH_WRK") .. "/figures.lua")

local newest = tonumber(os.getenv("BENCH_NEWEST"))
local path = os.getenv("BENCH_PATH")
local headers = {
  ["Content-Type"] = "application/json",
  ["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN"),
}
local sent = 0

function request()
  local minute = newest - 60 * math.floor(sent / 2)
  local power = -(sent % 500) / 2
  sent = sent + 1
  return wrk.format("POST", path, headers, string.format(
    '{"meterableUnitId":"MU-1001","timestamp":"%s","powerKw":%.1f}', os.date("!%Y-%m-%dT%H:%M:00Z", minute), power))
end
