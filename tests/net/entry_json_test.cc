#include "net/admin/sql/entry_json.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>

#include "net/egress/translate.h"
#include "tests/net/fake_engine.h"

namespace holdfast::net::sql {
namespace {

using journal::Entry;
using journal::Failure;
using journal::Notification;

// A command, all of it.
std::string command(journal::EntryBody body, std::string name = "",
                    const journal::InvocationId& callee = {}) {
  const Entry entry{std::move(name), std::move(body)};
  return entry_json(entry, type_name(entry), EntryValues::kShown, callee);
}
// What came of a command of that type, or a signal.
std::string told(std::string_view type, Notification notification,
                 EntryValues values = EntryValues::kShown) {
  return entry_json(Entry{{}, std::move(notification)}, type, values);
}
Notification completion(decltype(Notification::result) result) {
  return {Notification::Completion{3}, std::move(result)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(entry_json_of_an_entry)

BOOST_AUTO_TEST_CASE(a_command_has_its_name_also_when_it_has_none) {
  BOOST_TEST(command(journal::Run{10}, "fails") ==
             R"({"Command":{"Run":{"completion_id":10,"name":"fails"}}})");
  BOOST_TEST(
      command(journal::Sleep{1'795'180'212'960, 11}) ==
      R"({"Command":{"Sleep":{"wake_up_time":1795180212960,"completion_id":11,"name":""}}})");
  BOOST_TEST(
      command(journal::Input{{{"x-a", "b"}}, "5"}) ==
      R"({"Command":{"Input":{"headers":[{"name":"x-a","value":"b"}],"payload":[53],"name":""}}})");
}

BOOST_AUTO_TEST_CASE(an_outcome_is_a_success_or_a_failure) {
  BOOST_TEST(command(journal::Output{Bytes("5\xff")}) ==
             R"({"Command":{"Output":{"result":{"Success":[53,255]},"name":""}}})");
  BOOST_TEST(command(journal::Output{Failure{422, "no", {}}}) ==
             R"({"Command":{"Output":{"result":{"Failure":{"code":422,"message":"no"}},)"
             R"("name":""}}})");
  const std::string detailed = command(journal::Output{Failure{422, "no", {{"why", "x"}}}});
  BOOST_TEST(detailed.find(R"("metadata":[{"key":"why","value":"x"}])") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(reads_of_state_have_what_the_handler_knew_or_who_completes_them) {
  BOOST_TEST(command(journal::ReadState{"a", 0, Bytes("1")}) ==
             R"({"Command":{"GetEagerState":{"key":"a","result":{"Success":[49]},"name":""}}})");
  BOOST_TEST(command(journal::ReadState{"a", 0, {}}) ==
             R"({"Command":{"GetEagerState":{"key":"a","result":"Void","name":""}}})");
  BOOST_TEST(command(journal::ReadState{"a", 1, {}}) ==
             R"({"Command":{"GetLazyState":{"key":"a","completion_id":1,"name":""}}})");
  BOOST_TEST(command(journal::ListState{0, {"a"}}) ==
             R"({"Command":{"GetEagerStateKeys":{"state_keys":["a"],"name":""}}})");
  BOOST_TEST(command(journal::ListState{2, {}}) ==
             R"({"Command":{"GetLazyStateKeys":{"completion_id":2,"name":""}}})");
}

BOOST_AUTO_TEST_CASE(writes_of_state_have_key_and_value) {
  BOOST_TEST(command(journal::WriteState{"stage", "1"}) ==
             R"({"Command":{"SetState":{"key":"stage","value":[49],"name":""}}})");
  BOOST_TEST(command(journal::ClearState{"a"}) ==
             R"({"Command":{"ClearState":{"key":"a","name":""}}})");
  BOOST_TEST(command(journal::ClearState{}) == R"({"Command":{"ClearAllState":{"name":""}}})");
}

BOOST_AUTO_TEST_CASE(a_call_has_its_request_and_what_completes_it) {
  journal::Call call;
  call.service = "Cart";
  call.key = "eve";
  call.handler = "hold";
  call.parameter = "7";
  call.headers = {{"x-a", "b"}};
  call.id_completion = 1;
  call.completion = 2;

  BOOST_TEST(
      command(call, "", some_id()) ==
      R"({"Command":{"Call":{"request":{"invocation_id":")" + some_id().text() +
          R"(","invocation_target":{"VirtualObject":{"name":"Cart","key":"eve","handler":"hold","handler_ty":"Exclusive","scope":null}},)"
          R"("span_context":{"span_context":{"trace_id":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],)"
          R"("span_id":[0,0,0,0,0,0,0,0],"trace_flags":0,"is_remote":false,"trace_state":""},)"
          R"("cause":null},"parameter":[55],"headers":[{"name":"x-a","value":"b"}],)"
          R"("idempotency_key":null,"completion_retention_duration":{"secs":0,"nanos":0},)"
          R"("journal_retention_duration":{"secs":0,"nanos":0}},"invocation_id_completion_id":1,)"
          R"("result_completion_id":2,"name":""}}})");
  // Nobody has told yet.
  BOOST_TEST(command(call).find(R"("invocation_id":"inv_10000000000000)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_send_has_when_it_starts_and_nobody_who_waits) {
  journal::Call send;
  send.service = "ZooS";
  send.handler = "hi";
  send.idempotency_key = "k";
  send.id_completion = 5;
  const auto view = [&] {
    return boost::json::parse(command(send)).at("Command").at("OneWayCall").as_object();
  };

  BOOST_TEST(view().at("invoke_time").as_int64() == 0);
  BOOST_TEST(view().at("invocation_id_completion_id").as_int64() == 5);
  BOOST_TEST(!view().contains("result_completion_id"));
  const boost::json::object request = view().at("request").as_object();
  BOOST_TEST(boost::json::serialize(request.at("invocation_target")) ==
             R"({"Service":{"name":"ZooS","handler":"hi","scope":null}})");
  BOOST_TEST(request.at("idempotency_key").as_string() == "k");
  send.not_before_unix_ms = 1'795'180'212'960;
  BOOST_TEST(view().at("invoke_time").as_int64() == 1'795'180'212'960);
}

BOOST_AUTO_TEST_CASE(promises_have_their_key) {
  using Act = journal::Promise::Act;
  BOOST_TEST(command(journal::Promise{Act::kGet, "p", 1, {}}) ==
             R"({"Command":{"GetPromise":{"key":"p","completion_id":1,"name":""}}})");
  BOOST_TEST(command(journal::Promise{Act::kPeek, "p", 1, {}}) ==
             R"({"Command":{"PeekPromise":{"key":"p","completion_id":1,"name":""}}})");
  BOOST_TEST(command(journal::Promise{Act::kComplete, "p", 2, Bytes("1")}) ==
             R"({"Command":{"CompletePromise":{"key":"p","value":{"Success":[49]},)"
             R"("completion_id":2,"name":""}}})");
}

BOOST_AUTO_TEST_CASE(signals_and_awakeables_name_their_target) {
  const std::string id = some_id().text();
  const std::string awakeable = journal::AwakeableId{some_id(), 17}.text();
  BOOST_TEST(command(journal::SendSignal{some_id(), 17u, Bytes("1"), true}) ==
             R"({"Command":{"CompleteAwakeable":{"id":")" + awakeable +
                 R"(","result":{"Success":[49]},"name":""}}})");
  BOOST_TEST(command(journal::SendSignal{some_id(), 1u, journal::Empty{}}) ==
             R"({"Command":{"SendSignal":{"target_invocation_id":")" + id +
                 R"(","signal_id":{"Index":1},"result":"Void","name":""}}})");
  const std::string named =
      command(journal::SendSignal{some_id(), std::string("go"), journal::Empty{}});
  BOOST_TEST(named.find(R"("signal_id":{"Name":"go"})") != std::string::npos);
  BOOST_TEST(command(journal::Attach{some_id(), 9}) ==
             R"({"Command":{"AttachInvocation":{"target":{"InvocationId":")" + id +
                 R"("},"completion_id":9,"name":""}}})");
  BOOST_TEST(command(journal::Attach{some_id(), 9, false})
                 .starts_with(R"({"Command":{"GetInvocationOutput":{"target":)"));
}

BOOST_AUTO_TEST_CASE(a_notification_says_whether_it_is_a_completion_or_a_signal) {
  BOOST_TEST(told("Run", completion(Bytes("1"))) ==
             R"({"Notification":{"Completion":{"Run":{"completion_id":3,)"
             R"("result":{"Success":[49]}}}}})");
  BOOST_TEST(told("GetLazyState", completion(journal::Empty{})) ==
             R"({"Notification":{"Completion":{"GetLazyState":{"completion_id":3,)"
             R"("result":"Void"}}}})");
  BOOST_TEST(told("Sleep", completion(journal::Empty{})) ==
             R"({"Notification":{"Completion":{"Sleep":{"completion_id":3}}}})");
  BOOST_TEST(told("CallInvocationId", completion(some_id())) ==
             R"({"Notification":{"Completion":{"CallInvocationId":{"completion_id":3,)"
             R"("invocation_id":")" +
                 some_id().text() + R"("}}}})");
  BOOST_TEST(told("GetLazyStateKeys", completion(std::vector<Bytes>())) ==
             R"({"Notification":{"Completion":{"GetLazyStateKeys":{"completion_id":3,)"
             R"("state_keys":[]}}}})");
  BOOST_TEST(told("Signal", {17u, Bytes("1")}) ==
             R"({"Notification":{"Signal":{"id":{"Index":17},"result":{"Success":[49]}}}})");
  BOOST_TEST(told("Signal", {std::string("go"), Failure{500, "no", {}}}) ==
             R"({"Notification":{"Signal":{"id":{"Name":"go"},)"
             R"("result":{"Failure":{"code":500,"message":"no"}}}}})");
}

BOOST_AUTO_TEST_CASE(without_values_an_entry_is_small) {
  const auto lite = [](journal::EntryBody body) {
    const Entry entry{{}, std::move(body)};
    return entry_json(entry, type_name(entry), EntryValues::kLeftOut);
  };
  journal::Call call;
  call.service = "S";
  call.handler = "h";
  call.parameter = "a secret";
  call.id_completion = 1;
  call.completion = 2;

  BOOST_TEST(lite(journal::WriteState{"v", "1"}) == R"({"Command":{"SetState":{"key":"v"}}})");
  BOOST_TEST(lite(journal::Output{Bytes("1")}) == R"({"Command":{"Output":{}}})");
  BOOST_TEST(lite(call) ==
             R"({"Command":{"Call":{"request":{"invocation_target":{"Service":{"name":"S",)"
             R"("handler":"h","scope":null}},"headers":[],"idempotency_key":null},)"
             R"("invocation_id_completion_id":1,"result_completion_id":2}}})");
  BOOST_TEST(told("Run", completion(Bytes("1")), EntryValues::kLeftOut) ==
             R"({"Notification":{"Completion":{"Run":{"completion_id":3}}}})");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net::sql
