#include "actors/scheduled_send.h"

#include <utility>

#include "journal/journal.h"

namespace holdfast::actors {

void store_scheduled(const Surroundings& world, Begin&& begin, std::int64_t now,
                     std::int64_t told_time) {
  journal::InvocationState state;
  state.row = std::move(begin.invocation);
  const journal::InvocationId id = state.row.id;
  journal::Decision decision;
  journal::accept(state, std::move(begin.input), now, decision);
  journal::OwnRows rows;
  storage::Batch batch;
  journal::Consequences consequences =
      journal::Journal::stage(state, std::move(decision), rows, now, batch);
  world.committer.submit_staged(std::move(batch), std::move(consequences),
                                [&world, id, told_time, on_accepted = std::move(begin.on_accepted)](
                                    journal::Consequences told, const storage::CommitReceipt&) {
                                  world.arm(std::move(told.timers));
                                  on_accepted(Accepted{id, true, told_time});
                                });
}

}  // namespace holdfast::actors
