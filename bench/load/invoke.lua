-- For wrk through a proxy: post.lua with what a server would send to an endpoint, in hex after the address.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "post.lua")

function init(arguments)
  wrk.headers["content-type"] = "application/vnd.restate.invocation.v5"
  wrk.body = arguments[1]:gsub("..", function(digits) return string.char(tonumber(digits, 16)) end)
end
