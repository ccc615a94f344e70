-- For wrk through a proxy: post.lua with what a server would send to an endpoint. After the address: its
-- content type, and its bytes in hex.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "post.lua")

function init(arguments)
  wrk.headers["content-type"] = arguments[1]
  wrk.body = arguments[2]:gsub("..", function(digits) return string.char(tonumber(digits, 16)) end)
end
