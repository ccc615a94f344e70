#pragma once
// OutgoingOptions: what the transport to handler endpoints puts up with.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace holdfast::net {

struct OutgoingOptions {
  // PEM file of authorities to trust on https:// instead of those of the system.
  std::string ca_file;

  // Limits for one address.
  std::size_t http2_connections_max = 16;
  std::uint32_t http2_streams_max = 128;  // Of a connection; the endpoint may allow fewer.
  // A connection that has carried so many takes no more and closes when they are done; others take
  // over. Many servers end a connection after 1,000, and one of them (Hypercorn,
  // keep_alive_max_requests) loses what is under way then.
  std::size_t http2_requests_max = 1000;
  // So many may be left that take no more, beside http2_connections_max that do.
  std::size_t http2_leaving_max = 48;
  std::size_t http1_connections_max = 64;
  std::size_t waiting_max = 4096;  // Exchanges waiting for a place; further ones fail (kBusy).

  // Receive windows: what an endpoint may send ahead of the reader. A stream's holds what a fast
  // network delivers while the reader's answer travels (256 KiB per 20 ms are 100 Mbit/s); a
  // connection's is what one endpoint can make us hold per connection, room for 16 streams that
  // stand still.
  std::uint32_t stream_window_bytes = 256u << 10;
  std::uint32_t connection_window_bytes = 4u << 20;
  std::size_t header_bytes_max = 64u << 10;  // Names and values of one answer.

  std::chrono::milliseconds connect_timeout{10'000};  // Name, TCP, TLS and first SETTINGS together.
  std::chrono::milliseconds waiting_timeout{30'000};  // In the queue while all places are taken.
  std::chrono::milliseconds idle_timeout{60'000};     // A connection without exchanges closes.
  // With streams open and nothing received for so long, a PING asks whether the endpoint lives...
  std::chrono::milliseconds ping_after{40'000};
  std::chrono::milliseconds ping_timeout{20'000};  // ...and this is its time to answer.
};

}  // namespace holdfast::net
