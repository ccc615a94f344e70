#include "journal/codec/codec.h"
#include "journal/tables/key.h"
#include "journal/tables/scan.h"
#include "journal/tables/tables.h"

namespace holdfast::journal {
namespace {

constexpr storage::Table kTable = storage::Table::kDeployment;

Key key_of(const DeploymentId& id) {
  Key key(kTable);
  key.last({reinterpret_cast<const char*>(id.ulid.data()), id.ulid.size()});
  return key;
}

}  // namespace

Result<void> Tables::each_deployment(
    const std::function<bool(const DeploymentId&, Result<Deployment>)>& visit) const {
  const Key all(kTable);
  return scan(store_, all, all.end(), [&](BytesView row, BytesView value) -> Result<bool> {
    const DeploymentId id = TRY(DeploymentId::from_bytes(row.substr(1)));
    Result<Deployment> deployment = decode_deployment(value);
    if (deployment.has_value()) deployment->id = id;
    return visit(id, std::move(deployment));
  });
}

void put_deployment(storage::Batch& batch, const Deployment& deployment) {
  Bytes& record = record_buffer();
  encode_deployment(record, deployment);
  batch.put(key_of(deployment.id), record);
}

void erase_deployment(storage::Batch& batch, const DeploymentId& id) { batch.erase(key_of(id)); }

}  // namespace holdfast::journal
