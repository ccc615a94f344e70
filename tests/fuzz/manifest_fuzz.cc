// Manifest fuzz: whatever an endpoint says it serves, it is refused with a reason, or it is a
// deployment that can be stored, read again and served.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "actors/catalog/deployment_info.h"
#include "journal/codec/codec.h"
#include "net/egress/manifest.h"
#include "storage/base/check.h"
#include "tests/fuzz/seeds.h"

using holdfast::BytesView;

std::vector<holdfast::Bytes> holdfast::testing::fuzz_seeds() {
  return {
      R"({"minProtocolVersion":5,"maxProtocolVersion":7,"protocolMode":"BIDI_STREAM","services":[]})",
      R"({"minProtocolVersion":5,"maxProtocolVersion":7,"protocolMode":"BIDI_STREAM","services":[
{"name":"O","ty":"VIRTUAL_OBJECT","handlers":[{"name":"add","ty":"EXCLUSIVE","input":
{"required":false,"contentType":"application/json"},"output":{"setContentTypeIfEmpty":false,
"contentType":"application/json"}},{"name":"get","ty":"SHARED"}]}]})",
      R"({"protocolMode":"REQUEST_RESPONSE","minProtocolVersion":6,"maxProtocolVersion":99,
"lambdaCompression":"zstd","services":[{"name":"a.b-c_1","ty":"WORKFLOW","documentation":"d",
"metadata":{"k":"v"},"inactivityTimeout":1,"abortTimeout":2,"journalRetention":3,
"idempotencyRetention":4,"enableLazyState":true,"ingressPrivate":true,
"retryPolicyInitialInterval":5,"retryPolicyMaxInterval":6,"retryPolicyMaxAttempts":7,
"retryPolicyExponentiationFactor":1.5,"retryPolicyOnMaxAttempts":"KILL","handlers":[
{"name":"run","workflowCompletionRetention":8,"input":{"required":true,"contentType":"a/b",
"jsonSchema":{"type":"integer"}}},{"name":"_0","ty":"SHARED","metadata":{"x":"y"}}]}]})",
  };
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto manifest =
      holdfast::net::parse_manifest(BytesView(reinterpret_cast<const char*>(data), size));
  if (!manifest.has_value()) {
    CHECK(manifest.error().message().starts_with("[META00"), "a refusal has its code");
    return 0;
  }
  holdfast::journal::Deployment deployment;
  deployment.services = manifest->services;
  holdfast::Bytes record;
  holdfast::journal::encode_deployment(record, deployment);
  const auto stored = holdfast::journal::decode_deployment(record);
  CHECK(stored.has_value(), "what was taken can be stored and read");
  CHECK(*stored == deployment, "and is the same");
  const auto info = holdfast::actors::make_deployment_info(deployment, {});
  CHECK(info.services.size() == deployment.services.size(), "each service is served");
  return 0;
}
