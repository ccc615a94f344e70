#pragma once
// AdminFixture: the admin API over a fake engine.

#include <memory>
#include <string>
#include <utility>

#include "net/admin/admin.h"
#include "tests/net/fake_discovery.h"
#include "tests/net/fake_engine.h"
#include "tests/net/fake_reply.h"

namespace holdfast::net {

struct AdminFixture {
  FakeEngine engine;
  RegistryParts parts{engine};
  FakeDiscovery discovery;
  Admin admin{engine, parts.registry, discovery, nullptr, {"0.1.0", "http://127.0.0.1:8080"}};

  HttpResponse answer(std::string method, std::string target, Bytes body = {},
                      HttpHeaders headers = {{"content-type", "application/json"}}) {
    const auto reply = std::make_shared<FakeReply>();
    admin.handle({std::move(method), std::move(target), std::move(headers), std::move(body)},
                 reply);
    return reply->wait();
  }
};

}  // namespace holdfast::net
