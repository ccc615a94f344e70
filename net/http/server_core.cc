#include "net/http/server_core.h"

#include <utility>
#include <vector>

namespace holdfast::net {

void ServerCore::add(std::shared_ptr<Connection> connection) {
  connections.emplace(connection.get(), connection);
  connection->start();
  if (draining && connections.contains(connection.get())) {
    connection->drain();
  }
}

void ServerCore::remove(Connection& connection) {
  const auto removed = connections.extract(&connection);
  if (!removed.empty() && on_removed) {
    on_removed();
  }
}

void ServerCore::drain_connections() {
  draining = true;
  std::vector<std::shared_ptr<Connection>> now;
  now.reserve(connections.size());
  for (const auto& [address, connection] : connections) {
    now.push_back(connection);
  }
  for (const auto& connection : now) {
    if (connections.contains(connection.get())) {
      connection->drain();
    }
  }
}

void ServerCore::close_connections() {
  while (!connections.empty()) {
    connections.begin()->second->close();
  }
}

}  // namespace holdfast::net
