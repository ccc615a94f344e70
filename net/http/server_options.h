#pragma once
// HttpServerOptions: where a server listens and what it puts up with. Each limit is a bound on what
// one client can make the process hold.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "net/http/response.h"

namespace holdfast::net {

// {"code":<status>,"message":"<message>"} as JSON, with retry-after where there is one. REQUIRES:
// `message` needs no escaping.
HttpResponse json_error_response(int status, std::string_view message);

struct HttpServerOptions {
  static constexpr std::size_t kBodyBytesCap = 32u << 20;  // Above it, listen() refuses.

  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: the system chooses, port() tells.

  // PEM files; both or neither. With them the port speaks TLS only (ALPN h2, http/1.1).
  std::string certificate_file;
  std::string key_file;

  // Sizes of one request.
  std::size_t body_bytes_max = 8u << 20;     // Else 413. Holds any sensible JSON input.
  std::size_t header_bytes_max = 32u << 10;  // Else 431. Names and values; large cookies fit.
  std::size_t header_fields_max = 100;       // Else 431. Browsers send about 20.
  std::size_t target_bytes_max = 8u << 10;   // Else 414. What proxies let through.
  // Bodies still arriving, over all connections; else 503. Many slow uploads cannot fill memory.
  std::size_t arriving_bytes_max = 256u << 20;

  // Times. A handler may take as long as it likes; only the client is hurried.
  std::chrono::milliseconds header_timeout{10'000};     // For the whole head: slow-loris.
  std::chrono::milliseconds body_idle_timeout{30'000};  // No byte of body or answer moved.
  // On average, once body_idle_timeout is over; not 0. Any line that is alive is faster, and a
  // client that is not pays with its own time (the measure of Apache's mod_reqtimeout).
  std::uint32_t body_bytes_per_second_min = 500;
  std::chrono::milliseconds keep_alive_timeout{75'000};  // No request at all; over proxies' 60 s.

  // Asks the system to probe clients that are silent this long, and to cut those that are gone
  // without a word (TCP keep-alive). For servers that let exchanges be silent; 0: no probes.
  std::chrono::seconds probe_after{0};

  // Connections. At the limit no more are accepted until one closes; they wait in the backlog.
  std::size_t connections_max = 10'000;
  std::uint32_t streams_max = 128;  // Concurrent HTTP/2 streams of one connection.
  // Streams a client may reset unanswered within reset_window before its connection is ended with
  // ENHANCE_YOUR_CALM ("rapid reset"). Each answered stream makes up for one reset.
  std::uint32_t resets_max = 200;
  std::chrono::milliseconds reset_window{10'000};

  // Builds the answer to what never reaches the handler: malformed, too large, too slow.
  std::function<HttpResponse(int status, std::string_view message)> error_response =
      json_error_response;
};

}  // namespace holdfast::net
