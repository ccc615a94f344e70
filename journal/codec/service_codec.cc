// The small records: promises, settings, inbox rows, state.

#include "journal/codec/parts.h"
#include "journal/codec/promise.capnp.h"
#include "journal/codec/record.h"
#include "journal/codec/settings.capnp.h"
#include "journal/tables/tables.h"

namespace holdfast::journal {
namespace {

// The bits of `changed` in settings.capnp.
enum Setting : std::uint32_t {
  kIsPublic = 1,
  kIdempotencyRetention = 2,
  kWorkflowRetention = 4,
  kJournalRetention = 8,
  kInactivityTimeout = 16,
  kAbortTimeout = 32,
  kParkAfter = 64,
};
constexpr std::uint32_t kAllSettings = 127;

}  // namespace

void encode_promise(Bytes& to, const PromiseRecord& promise) {
  codec::MessageWriter message;
  auto record = message.init<stored::PromiseRecord>();
  if (promise.result.has_value()) codec::set_outcome(record.initResult(), *promise.result);
  if (!promise.waiters.empty()) {
    codec::set_waiters(record.initWaiters(promise.waiters.size()), promise.waiters);
  }
  message.write(to, RecordKind::kPromise);
}

Result<PromiseRecord> decode_promise(BytesView record) {
  return codec::read_message<stored::PromiseRecord>(
      record, RecordKind::kPromise,
      [](stored::PromiseRecord::Reader from) -> Result<PromiseRecord> {
        PromiseRecord promise;
        if (from.hasResult()) promise.result = TRY(codec::take_outcome(from.getResult()));
        promise.waiters = codec::take_waiters(from.getWaiters());
        return promise;
      });
}

void encode_settings(Bytes& to, const ServiceSettings& settings) {
  std::uint32_t changed = 0;
  const auto value = [&changed](const auto& setting, Setting bit) {
    if (setting.has_value()) changed |= bit;
    return setting.value_or(0);
  };
  codec::MessageWriter message;
  auto record = message.init<stored::ServiceSettings>();
  record.setIsPublic(value(settings.is_public, kIsPublic));
  record.setIdempotencyRetention(value(settings.idempotency_retention_ms, kIdempotencyRetention));
  record.setWorkflowRetention(value(settings.workflow_retention_ms, kWorkflowRetention));
  record.setJournalRetention(value(settings.journal_retention_ms, kJournalRetention));
  record.setInactivityTimeout(value(settings.inactivity_timeout_ms, kInactivityTimeout));
  record.setAbortTimeout(value(settings.abort_timeout_ms, kAbortTimeout));
  record.setParkAfter(value(settings.park_after_ms, kParkAfter));
  record.setChanged(changed);
  message.write(to, RecordKind::kSettings);
}

Result<ServiceSettings> decode_settings(BytesView record) {
  return codec::read_message<stored::ServiceSettings>(
      record, RecordKind::kSettings,
      [](stored::ServiceSettings::Reader from) -> Result<ServiceSettings> {
        const std::uint32_t changed = from.getChanged();
        if ((changed & ~kAllSettings) != 0) {
          return Error(ErrorCode::kCorruption, "unknown setting");
        }
        const auto take = [changed](auto& setting, auto value, Setting bit) {
          if ((changed & bit) != 0) setting = value;
        };
        ServiceSettings settings;
        take(settings.is_public, from.getIsPublic(), kIsPublic);
        take(settings.idempotency_retention_ms, from.getIdempotencyRetention(),
             kIdempotencyRetention);
        take(settings.workflow_retention_ms, from.getWorkflowRetention(), kWorkflowRetention);
        take(settings.journal_retention_ms, from.getJournalRetention(), kJournalRetention);
        take(settings.inactivity_timeout_ms, from.getInactivityTimeout(), kInactivityTimeout);
        take(settings.abort_timeout_ms, from.getAbortTimeout(), kAbortTimeout);
        take(settings.park_after_ms, from.getParkAfter(), kParkAfter);
        return settings;
      });
}

void encode_queued(Bytes& to, const InvocationId& id) {
  const codec::Id bytes = codec::id_bytes(id);
  codec::write_record(to, RecordKind::kQueued, {bytes.data(), bytes.size()});
}

Result<InvocationId> decode_queued(BytesView record) {
  const auto id = InvocationId::from_bytes(TRY(codec::read_plain(record, RecordKind::kQueued)));
  if (!id.has_value()) return codec::corruption(RecordKind::kQueued, id.error().message());
  return *id;
}

void encode_state(Bytes& to, BytesView value) {
  codec::write_record(to, RecordKind::kState, value);
}

Result<Bytes> decode_state(BytesView record) {
  return Bytes(TRY(codec::read_plain(record, RecordKind::kState)));
}

}  // namespace holdfast::journal
