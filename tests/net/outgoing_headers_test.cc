// Headers of requests to endpoints: those that many requests have in common, and those of one.

#include <nghttp2/nghttp2.h>

#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "tests/net/frame_peer.h"
#include "tests/net/http_fixture.h"
#include "tests/net/outgoing_fixture.h"

namespace holdfast::net {
namespace {

OpenOptions with_common(HttpHeaders headers) {
  OpenOptions options;
  options.body = "";
  options.common = std::make_shared<const CommonHeaders>(std::move(headers));
  return options;
}

void list_headers(HttpRequest&& request, std::shared_ptr<HttpReply> reply) {
  HttpResponse response;
  for (const auto& [name, value] : request.headers) {
    response.body += name + "=" + value + "\n";
  }
  reply->send(std::move(response));
}

// What an endpoint knows of a connection's header tables (RFC 7541).
class HeaderTable {
 public:
  HeaderTable() { BOOST_REQUIRE(nghttp2_hd_inflate_new(&inflater_) == 0); }
  ~HeaderTable() { nghttp2_hd_inflate_del(inflater_); }
  HeaderTable(const HeaderTable&) = delete;
  HeaderTable& operator=(const HeaderTable&) = delete;

  std::map<std::string, std::string> read(const std::string& block) {
    std::map<std::string, std::string> headers;
    const auto* at = reinterpret_cast<const std::uint8_t*>(block.data());
    std::size_t left = block.size();
    for (int flags = 0; (flags & NGHTTP2_HD_INFLATE_FINAL) == 0;) {
      nghttp2_nv field;
      const ssize_t taken = nghttp2_hd_inflate_hd2(inflater_, &field, &flags, at, left, 1);
      BOOST_REQUIRE(taken >= 0);
      at += taken;
      left -= static_cast<std::size_t>(taken);
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
        headers.emplace(std::string(reinterpret_cast<char*>(field.name), field.namelen),
                        std::string(reinterpret_cast<char*>(field.value), field.valuelen));
      }
    }
    nghttp2_hd_inflate_end_headers(inflater_);
    return headers;
  }
  std::size_t size() const { return nghttp2_hd_inflate_get_num_table_entries(inflater_); }

 private:
  nghttp2_hd_inflater* inflater_ = nullptr;
};

BOOST_AUTO_TEST_SUITE(outgoing_headers)

BOOST_AUTO_TEST_CASE(inv_11_common_headers_are_held_to_the_rules_of_others) {
  RunningServer server(list_headers);
  RunningTransport transport;
  for (const HttpVersion version : {HttpVersion::kHttp2, HttpVersion::kHttp11}) {
    const auto pool = transport.pool(server.port(), version);
    const auto events = std::make_shared<Recorder>();

    pool->open("POST", "/x", {{"X-Own", "2"}}, events,
               with_common({{"X-Common", "1\r\nx-evil: 2"},
                            {"Host", "other"},
                            {"Content-Length", "99"},
                            {"Transfer-Encoding", "chunked"}}));

    const std::string seen = events->wait_end();
    BOOST_TEST(seen.find("x-common=1  x-evil: 2\n") != std::string::npos, seen);
    BOOST_TEST(seen.find("x-own=2\n") != std::string::npos, seen);
    BOOST_TEST(seen.find("host=other") == std::string::npos, seen);
    BOOST_TEST(seen.find("content-length=99") == std::string::npos, seen);
    BOOST_TEST(seen.find("chunked") == std::string::npos, seen);
  }
}

BOOST_AUTO_TEST_CASE(a_common_header_without_a_name_fails_the_request_and_nothing_is_sent) {
  RawServer server;
  RunningTransport transport;
  for (const HttpVersion version : {HttpVersion::kHttp2, HttpVersion::kHttp11}) {
    const auto events = std::make_shared<Recorder>();

    transport.pool(server.port(), version)
        ->open("POST", "/", {}, events, with_common({{"a\r\nb", "c"}}));

    BOOST_TEST((events->wait_kind() == ExchangeFailure::Kind::kBadRequest));
  }
  BOOST_TEST(!server.somebody_waits());
}

// Else each id pushes something out of a table that has room for what comes again.
BOOST_AUTO_TEST_CASE(what_differs_from_request_to_request_is_not_noted_down_by_the_endpoint) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port());
  const auto common = with_common({{"x-cluster", "one"}, {"accept", "application/x"}});
  const std::string long_name = "x-id-" + std::string(60, 'q');
  const auto ask = [&](std::string id) {
    pool->open("POST", "/x", {{long_name, std::move(id)}, {"x-token", "of a minute"}},
               std::make_shared<Recorder>(), common);
  };
  ask("first");
  FramePeer peer(server.accept());
  HeaderTable table;
  BOOST_TEST(table.read(peer.receive(kHeaders).payload).at(long_name) == "first");
  const std::size_t entries = table.size();

  for (const std::string id : {"other", "third", "fifth"}) {
    ask(id);
    const std::string block = peer.receive(kHeaders).payload;
    const auto headers = table.read(block);

    BOOST_TEST(headers.at(long_name) == id);
    BOOST_TEST(headers.at("x-token") == "of a minute");
    BOOST_TEST(headers.at("x-cluster") == "one");
    BOOST_TEST(headers.at("accept") == "application/x");
    BOOST_TEST(table.size() == entries);
    // Names, and what stays as it was, go by their numbers.
    BOOST_TEST(block.size() < 40u);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::net
