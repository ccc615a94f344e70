#pragma once
// Host rule: which names the admin port answers to. Pure.
//
// A page a browser shows may point its own name at 127.0.0.1 (DNS rebinding). To the browser, the
// admin API is then that page's own server, and no rule about other origins holds. But the name is
// still in the Host header. So a port for this machine only answers to names that nobody can point
// elsewhere: IP addresses and localhost.

#include <optional>
#include <string_view>

namespace holdfast::net {

// kAny: others may reach the port, under names we do not know.
enum class HostNames { kLocal, kAny };

// Whether to answer a request with this Host header (of HTTP/2: its :authority). One without it
// does not come from a browser, and may pass.
bool host_allowed(HostNames names, std::optional<std::string_view> host);

}  // namespace holdfast::net
