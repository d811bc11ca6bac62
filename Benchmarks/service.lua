-- What wrk asks for Benchmarks/service: the addresses of a file in turn, each connection on a thread of its own, so that the
-- time of each answer is known together with its status.
--
--   LOAD_PATHS     a file with an address a line
--   LOAD_OUTPUT    the file for the figures: "seconds N", "errors KIND N", and "STATUS MICROSECONDS" for each answer
--   LOAD_REQUESTS  ends after so many answers; then one thread is needed, and times are not taken (default: when wrk's time is up)
--   LOAD_PATIENT   whoever is told to come again comes after a second, as Retry-After says, rather than at once

local ffi = require("ffi")
ffi.cdef [[
    struct load_time { long seconds, nanoseconds; };
    int clock_gettime(int clock, struct load_time *time);
    int getpid(void);
    int kill(int process, int signal);
]]
local monotonic, interrupt = 1, 2
local time = ffi.new("struct load_time")
local function microseconds()
    ffi.C.clock_gettime(monotonic, time)
    return tonumber(time.seconds) * 1e6 + tonumber(time.nanoseconds) / 1e3
end

local threads = {}
function setup(thread)
    thread:set("number", #threads)
    table.insert(threads, thread)
end

local requests = {}
local most = tonumber(os.getenv("LOAD_REQUESTS") or "")
local position, started, isRefused = 0, 0, false
-- Those that `done` reads must be global.
statuses, times, counts, answers = {}, {}, {}, 0

function init()
    for line in io.lines(os.getenv("LOAD_PATHS")) do
        table.insert(requests, wrk.format("GET", line))
    end
    -- Threads begin apart from each other.
    position = number * 7
end

function request()
    position = position + 1
    started = microseconds()
    return requests[position % #requests + 1]
end

function response(status)
    answers = answers + 1
    isRefused = status == 503
    if most then
        counts[status] = (counts[status] or 0) + 1
        -- The program waits for its time to be up, or for this.
        if answers == most then
            wrk.thread:stop()
            ffi.C.kill(ffi.C.getpid(), interrupt)
        end
    else
        statuses[answers], times[answers] = status, microseconds() - started
    end
end

if os.getenv("LOAD_PATIENT") then
    function delay() return isRefused and 1000 or 0 end
end

function done(summary)
    local output = io.open(os.getenv("LOAD_OUTPUT"), "w")
    output:write(string.format("seconds %.6f\n", summary.duration / 1e6))
    for _, kind in ipairs({ "connect", "read", "write", "timeout" }) do
        output:write(string.format("errors %s %d\n", kind, summary.errors[kind]))
    end
    for _, thread in ipairs(threads) do
        for status, count in pairs(thread:get("counts")) do
            output:write(string.format("count %d %d\n", status, count))
        end
        local statuses, times = thread:get("statuses"), thread:get("times")
        for number = 1, #statuses do
            output:write(string.format("%d %.0f\n", statuses[number], times[number]))
        end
    end
    output:close()
end
