#include "tests/net/restate_samples.h"

#include <boost/algorithm/hex.hpp>

#include "storage/base/check.h"

namespace holdfast::testing {

using protocol::restate::Frame;
using protocol::restate::Version;

namespace {

// What a handler is sent, encoded again as the type of the frame says.
class Again {
 public:
  Again(const Frame& frame, Version version) : frame_(frame), version_(version) {}

  Bytes operator()(const protocol::restate::StartHead& start) {
    append_start(to_, start, version_);
    return to_;
  }
  Bytes operator()(const protocol::Command& command) {
    append_command(to_, command, version_);
    return to_;
  }
  Bytes operator()(const protocol::Notification& notification) {
    using protocol::restate::CompletionKind;
    if (std::holds_alternative<protocol::CompletionRef>(notification.of)) {
      const auto kind = static_cast<CompletionKind>(static_cast<int>(frame_.type) & 0xFF);
      append_completion(to_, notification, kind, version_);
    } else {
      append_signal(to_, notification, version_);
    }
    return to_;
  }
  Bytes operator()(const protocol::restate::CommandAck& ack) {
    append_command_ack(to_, ack);
    return to_;
  }
  Bytes operator()(const protocol::restate::ProposalAck& ack) {
    append_proposal_ack(to_, ack);
    return to_;
  }

 private:
  const Frame& frame_;
  Version version_;
  Bytes to_;
};

// clang-format off
const RestateSample kSamples[] = {
    {"start_minimal", 5, 7, Way::kTo,
     "00000000000000440a18c11b54fb456305e2efab9cbfb7b0b1991a673a15fd96994d1226696e765f316a"
     "703675794d6932484c7a326d7142633356676b5a7169384a4b4a7a6d4c4a48391801"},
    {"start_full", 5, 7, Way::kTo,
     "00000000000000740a18c11b54fb456305e2efab9cbfb7b0b1991a673a15fd96994d1226696e765f316a"
     "703675794d6932484c7a326d7142633356676b5a7169384a4b4a7a6d4c4a483918ac0222070a01631202"
     "313022040a02ff00280132046bc3a979380340ffffffffffffffffff014880808080808080808001"},
    {"start_with_idempotency_key", 7, 7, Way::kTo,
     "000000000000004d0a18c11b54fb456305e2efab9cbfb7b0b1991a673a15fd96994d1226696e765f316a"
     "703675794d6932484c7a326d7142633356676b5a7169384a4b4a7a6d4c4a4839180162076f726465722d"
     "31"},
    {"start_with_empty_idempotency_key", 7, 7, Way::kTo,
     "00000000000000460a18c11b54fb456305e2efab9cbfb7b0b1991a673a15fd96994d1226696e765f316a"
     "703675794d6932484c7a326d7142633356676b5a7169384a4b4a7a6d4c4a483918016200"},
    {"command_ack_of_input", 5, 7, Way::kTo,
     "0004000000000000"},
    {"command_ack", 5, 7, Way::kTo,
     "000400000000000408f0a204"},
    {"proposal_ack", 7, 7, Way::kTo,
     "0007000000000003088001"},
    {"suspension_flat", 5, 6, Way::kFrom,
     "000100000000000f0a03018001120201111a02676f1a00"},
    {"suspension_on_a_name", 5, 6, Way::kFrom,
     "00010000000000041a02676f"},
    {"suspension_first_completed", 7, 7, Way::kFrom,
     "000100000000000b22090a0201021201012801"},
    {"suspension_tree", 7, 7, Way::kFrom,
     "000100000000001e221c0a01071a016e22051201112804220b22070a05ffffffff0f28032802"},
    {"awaiting_on", 5, 7, Way::kFrom,
     "000600000000000d0a090a02010212010128011001"},
    {"awaiting_on_tree", 5, 7, Way::kFrom,
     "000600000000001e0a1c0a01071a016e22051201112804220b22070a05ffffffff0f28032802"},
    {"awaiting_on_nothing", 5, 7, Way::kFrom,
     "00060000000000021001"},
    {"error_empty", 5, 7, Way::kFrom,
     "0002000000000000"},
    {"error_full", 5, 7, Way::kFrom,
     "000200000000002608ba0412086d69736d617463681a09617420610a6174206220002a03706179309108"
     "40004802"},
    {"error_of_unknown_type", 5, 7, Way::kFrom,
     "000200000000001408ffff033081f80340ffffffffffffffff7f4801"},
    {"end", 5, 7, Way::kFrom,
     "0003000000000000"},
    {"proposal_value", 5, 7, Way::kFrom,
     "0005000000000006080172023432"},
    {"proposal_empty_value_acked", 5, 7, Way::kFrom,
     "000580000000000508c8017200"},
    {"proposal_failure", 5, 7, Way::kFrom,
     "000500000000001208017a0e089903120943616e63656c6c6564"},
    {"proposal_failure_metadata", 6, 7, Way::kFrom,
     "000500000000001c08017a1808f40312066772c3bcc39f1a060a01611201621a030a0163"},
    {"input", 5, 7, Way::kTo,
     "04000000000000190a080a03782d611201310a050a03782d6262016e72030a0131"},
    {"input_empty", 5, 7, Way::kTo,
     "04000000000000027200"},
    {"output_value", 5, 7, Way::kBoth,
     "040100000000000a62016f72050a03227822"},
    {"output_value_acked", 5, 7, Way::kFrom,
     "04018000000000027200"},
    {"output_failure", 5, 7, Way::kBoth,
     "04010000000000107a0e089903120943616e63656c6c6564"},
    {"output_failure_empty", 5, 7, Way::kBoth,
     "04010000000000027a00"},
    {"output_failure_metadata", 6, 7, Way::kBoth,
     "040100000000001a7a1808f40312066772c3bcc39f1a060a01611201621a030a0163"},
    {"get_lazy_state", 5, 7, Way::kBoth,
     "04020000000000090a0263ff580162016e"},
    {"set_state", 5, 7, Way::kBoth,
     "040300000000000c0a01631a040a0200ff62016e"},
    {"set_state_empty", 5, 7, Way::kBoth,
     "04030000000000021a00"},
    {"clear_state", 5, 7, Way::kBoth,
     "04040000000000060a016362016e"},
    {"clear_all_state", 5, 7, Way::kBoth,
     "0405000000000000"},
    {"clear_all_state_named", 5, 7, Way::kBoth,
     "040500000000000362016e"},
    {"get_lazy_state_keys", 5, 7, Way::kBoth,
     "040600000000000358ac02"},
    {"get_eager_state_void", 5, 7, Way::kBoth,
     "04070000000000050a01636a00"},
    {"get_eager_state_value", 5, 7, Way::kBoth,
     "040700000000000c0a016362016e72040a023130"},
    {"get_eager_state_keys", 5, 7, Way::kBoth,
     "040800000000000a72080a01610a000a01ff"},
    {"get_eager_state_keys_none", 5, 7, Way::kBoth,
     "04080000000000027200"},
    {"get_promise", 5, 7, Way::kBoth,
     "04090000000000080a0170580162016e"},
    {"peek_promise", 5, 7, Way::kBoth,
     "040a0000000000050a01705802"},
    {"complete_promise_value", 5, 7, Way::kBoth,
     "040b00000000000a0a017012030a01765803"},
    {"complete_promise_failure", 5, 7, Way::kBoth,
     "040b0000000000180a01701a0e089903120943616e63656c6c6564580362016e"},
    {"sleep", 5, 7, Way::kBoth,
     "040c00000000000e08becfcbc59f34580262036e6170"},
    {"sleep_in_the_past", 5, 7, Way::kBoth,
     "040c0000000000025801"},
    {"sleep_for_ever", 5, 7, Way::kBoth,
     "040c00000000000c08ffffffffffffffff7f5801"},
    {"call_minimal", 5, 7, Way::kBoth,
     "040d00000000000a0a015312016850015802"},
    {"call_full", 5, 7, Way::kBoth,
     "040d0000000000290a01531201681a02010222080a03782d6112013122050a03782d622a016b3202696b"
     "5005580662016e"},
    {"call_empty_idempotency_key", 5, 7, Way::kBoth,
     "040d00000000000c0a0153120168320050015802"},
    {"one_way_call_minimal", 5, 7, Way::kBoth,
     "040e0000000000080a01531201685001"},
    {"one_way_call_full", 5, 7, Way::kBoth,
     "040e0000000000260a01531201681a017020becfcbc59f342a080a03782d6112013132016b3a02696b50"
     "0562016e"},
    {"send_signal_void", 5, 7, Way::kBoth,
     "041000000000002c0a26696e765f316a703675794d6932484c7a326d7142633356676b5a7169384a4b4a"
     "7a6d4c4a483910012200"},
    {"send_signal_value", 5, 7, Way::kBoth,
     "04100000000000340a26696e765f316a703675794d6932484c7a326d7142633356676b5a7169384a4b4a"
     "7a6d4c4a48391a02676f2a030a017662016e"},
    {"send_signal_failure", 5, 7, Way::kBoth,
     "041000000000003a0a26696e765f316a703675794d6932484c7a326d7142633356676b5a7169384a4b4a"
     "7a6d4c4a48391a00320e089903120943616e63656c6c6564"},
    {"run", 5, 7, Way::kBoth,
     "04110000000000055801620161"},
    {"run_acked", 5, 7, Way::kFrom,
     "04118000000000025801"},
    {"attach_id", 5, 7, Way::kBoth,
     "041200000000002a0a26696e765f316a703675794d6932484c7a326d7142633356676b5a7169384a4b4a"
     "7a6d4c4a48395801"},
    {"attach_idempotent", 5, 7, Way::kBoth,
     "04120000000000141a0d0a015312016b1a01682202696b580162016e"},
    {"attach_idempotent_unkeyed", 5, 7, Way::kBoth,
     "041200000000000e1a0a0a01531a01682202696b5801"},
    {"attach_workflow", 5, 7, Way::kBoth,
     "041200000000000a22060a015712016b5801"},
    {"get_output_id", 5, 7, Way::kBoth,
     "041300000000002a0a26696e765f316a703675794d6932484c7a326d7142633356676b5a7169384a4b4a"
     "7a6d4c4a48395801"},
    {"get_output_workflow", 5, 7, Way::kBoth,
     "041300000000000d22060a015712016b580162016e"},
    {"complete_awakeable_value", 5, 7, Way::kBoth,
     "041400000000000a0a067369676e5f311200"},
    {"complete_awakeable_failure", 5, 7, Way::kBoth,
     "041400000000001b0a067369676e5f311a0e089903120943616e63656c6c656462016e"},
    {"completion_of_get_lazy_state_void", 5, 7, Way::kTo,
     "800200000000000408012200"},
    {"completion_of_get_lazy_state_value", 5, 7, Way::kTo,
     "800200000000000808ac022a030a0176"},
    {"completion_of_get_lazy_state_keys_list", 5, 7, Way::kTo,
     "800600000000000b08018a01060a01610a0162"},
    {"completion_of_get_promise_value", 5, 7, Way::kTo,
     "800900000000000808ac022a030a0176"},
    {"completion_of_get_promise_failure", 5, 7, Way::kTo,
     "80090000000000120801320e089903120943616e63656c6c6564"},
    {"completion_of_peek_promise_void", 5, 7, Way::kTo,
     "800a00000000000408012200"},
    {"completion_of_peek_promise_value", 5, 7, Way::kTo,
     "800a00000000000808ac022a030a0176"},
    {"completion_of_peek_promise_failure", 5, 7, Way::kTo,
     "800a0000000000120801320e089903120943616e63656c6c6564"},
    {"completion_of_complete_promise_void", 5, 7, Way::kTo,
     "800b00000000000408012200"},
    {"completion_of_complete_promise_failure", 5, 7, Way::kTo,
     "800b0000000000120801320e089903120943616e63656c6c6564"},
    {"completion_of_sleep_void", 5, 7, Way::kTo,
     "800c00000000000408012200"},
    {"completion_of_call_value", 5, 7, Way::kTo,
     "800d00000000000808ac022a030a0176"},
    {"completion_of_call_failure", 5, 7, Way::kTo,
     "800d0000000000120801320e089903120943616e63656c6c6564"},
    {"completion_of_call_invocation_id_text", 5, 7, Way::kTo,
     "800e00000000002b0801820126696e765f316a703675794d6932484c7a326d7142633356676b5a716938"
     "4a4b4a7a6d4c4a4839"},
    {"completion_of_run_value", 5, 7, Way::kTo,
     "801100000000000808ac022a030a0176"},
    {"completion_of_run_failure", 5, 7, Way::kTo,
     "80110000000000120801320e089903120943616e63656c6c6564"},
    {"completion_of_attach_value", 5, 7, Way::kTo,
     "801200000000000808ac022a030a0176"},
    {"completion_of_attach_failure", 5, 7, Way::kTo,
     "80120000000000120801320e089903120943616e63656c6c6564"},
    {"completion_of_get_output_void", 5, 7, Way::kTo,
     "801300000000000408012200"},
    {"completion_of_get_output_value", 5, 7, Way::kTo,
     "801300000000000808ac022a030a0176"},
    {"completion_of_get_output_failure", 5, 7, Way::kTo,
     "80130000000000120801320e089903120943616e63656c6c6564"},
    {"completion_failure_metadata", 6, 7, Way::kTo,
     "801100000000001c0801321808f40312066772c3bcc39f1a060a01611201621a030a0163"},
    {"completion_empty_value", 5, 7, Way::kTo,
     "801100000000000408012a00"},
    {"completion_no_keys", 5, 7, Way::kTo,
     "800600000000000508018a0100"},
    {"signal_cancel", 5, 7, Way::kTo,
     "fbff00000000000410012200"},
    {"signal_awakeable_value", 5, 7, Way::kTo,
     "fbff00000000000710112a030a0176"},
    {"signal_awakeable_failure", 5, 7, Way::kTo,
     "fbff00000000001610ffffffff0f320e089903120943616e63656c6c6564"},
    {"signal_named", 5, 7, Way::kTo,
     "fbff0000000000091a02676f2a030a0176"},
    {"signal_without_a_name", 5, 7, Way::kTo,
     "fbff0000000000041a002200"},
};
// clang-format on

}  // namespace

const std::vector<RestateSample>& restate_samples() {
  static const std::vector<RestateSample> samples(std::begin(kSamples), std::end(kSamples));
  return samples;
}

Bytes from_hex(std::string_view hex) { return boost::algorithm::unhex(Bytes(hex)); }

std::string to_hex(BytesView bytes) { return boost::algorithm::hex_lower(Bytes(bytes)); }

Frame frame_of(BytesView bytes) {
  protocol::restate::FrameReader reader;
  auto frame = reader.next(bytes);
  CHECK(frame.has_value() && frame->has_value() && bytes.empty(), "the bytes are one frame");
  return **std::move(frame);
}

Result<Bytes> recode(const Frame& frame, Version version, Way way) {
  if (way == Way::kFrom) {
    return protocol::restate::encode(TRY(decode_from_handler(frame, version)), version);
  }
  return std::visit(Again(frame, version), TRY(decode_to_handler(frame, version)));
}

std::string why(const Result<Bytes>& result) {
  return result.has_value() ? std::string() : result.error().message();
}

std::vector<std::pair<Version, Way>> uses_of(const RestateSample& sample) {
  std::vector<std::pair<Version, Way>> uses;
  for (int version = sample.version_min; version <= sample.version_max; ++version) {
    for (const Way way : {Way::kFrom, Way::kTo}) {
      if (sample.way == way || sample.way == Way::kBoth) {
        uses.emplace_back(static_cast<Version>(version), way);
      }
    }
  }
  return uses;
}

}  // namespace holdfast::testing
