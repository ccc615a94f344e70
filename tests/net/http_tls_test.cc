#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "tests/net/http_fixture.h"

namespace holdfast::net {
namespace {

namespace asio = boost::asio;

// A self-signed certificate and its key as files, gone with the object.
class Certificate {
 public:
  Certificate()
      : folder_(std::filesystem::temp_directory_path() /
                ("holdfast-tls-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                  EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    write(certificate_file(), [&](FILE* to) { PEM_write_X509(to, certificate.get()); });
    write(key_file(), [&](FILE* to) {
      PEM_write_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  ~Certificate() { std::filesystem::remove_all(folder_); }

  std::string certificate_file() const { return folder_ / "certificate.pem"; }
  std::string key_file() const { return folder_ / "key.pem"; }
  HttpServerOptions options() const {
    HttpServerOptions options;
    options.certificate_file = certificate_file();
    options.key_file = key_file();
    return options;
  }

 private:
  template <class Writer>
  static void write(const std::string& path, Writer writer) {
    FILE* file = std::fopen(path.c_str(), "w");
    writer(file);
    std::fclose(file);
  }

  const std::filesystem::path folder_;
};

// Sends `request` over TLS, offering `protocols` (ALPN); what was chosen, and all that came back.
std::pair<std::string, std::string> tls_exchange(std::uint16_t port, const std::string& protocols,
                                                 const std::string& request, std::size_t size_min) {
  asio::io_context io;
  asio::ssl::context context(asio::ssl::context::tls_client);
  SSL_CTX_set_alpn_protos(context.native_handle(),
                          reinterpret_cast<const unsigned char*>(protocols.data()),
                          static_cast<unsigned>(protocols.size()));
  asio::ssl::stream<asio::ip::tcp::socket> stream(io, context);
  stream.next_layer().connect({asio::ip::address_v4::loopback(), port});
  stream.handshake(asio::ssl::stream_base::client);
  asio::write(stream, asio::buffer(request));
  std::string answer;
  boost::system::error_code ignored;
  asio::read(stream, asio::dynamic_buffer(answer), asio::transfer_at_least(size_min), ignored);
  const unsigned char* chosen = nullptr;
  unsigned chosen_size = 0;
  SSL_get0_alpn_selected(stream.native_handle(), &chosen, &chosen_size);
  return {std::string(reinterpret_cast<const char*>(chosen), chosen_size), answer};
}

constexpr std::size_t kUntilClosed = 1 << 30;

BOOST_AUTO_TEST_SUITE(http_tls)

BOOST_AUTO_TEST_CASE(http_1_1_is_served_over_tls) {
  const Certificate certificate;
  RunningServer running(echo, certificate.options());
  const std::string request =
      "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi";

  const auto [chosen, answer] = tls_exchange(running.port(), "\x08http/1.1", request, kUntilClosed);

  BOOST_TEST(chosen == "http/1.1");
  BOOST_TEST(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  BOOST_TEST(answer.ends_with("\r\n\r\nhi"));
}

BOOST_AUTO_TEST_CASE(large_answers_pass_over_tls) {
  const Certificate certificate;
  RunningServer running(
      [](HttpRequest&&, std::shared_ptr<HttpReply> reply) {
        reply->send({.status = 200, .headers = {}, .body = Bytes(5 << 20, 'x')});
      },
      certificate.options());

  const auto [chosen, answer] =
      tls_exchange(running.port(), "\x08http/1.1",
                   "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", kUntilClosed);

  BOOST_TEST(answer.size() > 5u << 20);
}

BOOST_AUTO_TEST_CASE(alpn_prefers_http_2) {
  const Certificate certificate;
  RunningServer running(echo, certificate.options());
  const std::string settings("\0\0\0\4\0\0\0\0\0", 9);

  const auto [chosen, answer] = tls_exchange(running.port(), std::string("\x08http/1.1\x02h2"),
                                             "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings, 9);

  BOOST_TEST(chosen == "h2");
  BOOST_REQUIRE(answer.size() >= 9);
  BOOST_TEST(answer[3] == 4);  // Their SETTINGS.
}

BOOST_AUTO_TEST_CASE(plain_text_on_a_tls_port_is_closed) {
  const Certificate certificate;
  RunningServer running(echo, certificate.options());

  const std::string answer = exchange(running.port(), "GET / HTTP/1.1\r\nhost: a\r\n\r\n");

  BOOST_TEST(answer.find("HTTP/1.1") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_unusable_file_is_named) {
  const Certificate certificate;
  boost::asio::io_context io;
  HttpServerOptions no_certificate = certificate.options();
  no_certificate.certificate_file = "/nowhere/certificate.pem";
  HttpServerOptions bad_key = certificate.options();
  bad_key.key_file = certificate.certificate_file();
  HttpServerOptions no_key = certificate.options();
  no_key.key_file.clear();

  const auto missing = HttpServer::listen(io, no_certificate, echo);
  const auto wrong = HttpServer::listen(io, bad_key, echo);
  const auto half = HttpServer::listen(io, no_key, echo);

  BOOST_REQUIRE(!missing.has_value());
  BOOST_TEST(missing.error().message().find("/nowhere/certificate.pem") != std::string::npos);
  BOOST_REQUIRE(!wrong.has_value());
  BOOST_TEST(wrong.error().message().find(certificate.certificate_file()) != std::string::npos);
  BOOST_TEST(!half.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::net
