-- POSTs the file that is the first argument; the second is the text that each answer must hold, or "" to look at none;
-- the rest are headers, name and value in turn. The number 1000000000 in the file is counted up. Prints one line of JSON.
local expected = ""
local thread

function setup(t)
  thread = t
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  wrk.method = "POST"
  wrk.body = file:read("*a")
  file:close()
  expected = args[2]
  for at = 3, #args, 2 do
    wrk.headers[args[at]] = args[at + 1]
  end
  wrong = 0
  -- Gateways tell the calls of a session apart by their ids.
  local before, id, after = wrk.format():match("^(.-)(1000000000)(.*)$")
  if id then
    id = tonumber(id)
    request = function()
      id = id + 1
      return before .. string.format("%d", id) .. after
    end
  end
  if expected ~= "" then
    response = function(status, headers, body)
      if not string.find(body, expected, 1, true) then
        wrong = wrong + 1
      end
    end
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"calls":%d,"durationUs":%d,"bytes":%d,"wrong":%d,"errors":%d,"p50Us":%d,"p99Us":%d}\n',
    summary.requests, summary.duration, summary.bytes, thread:get("wrong"),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
