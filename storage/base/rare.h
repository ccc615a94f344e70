#pragma once
// rare: a point where the code may also go a way that is legal and hardly ever taken: a limit is
// tiny today, a cache forgets. The simulation decides there by its seed, so that such ways meet
// everything else that can happen; the answer anywhere else is no.
//
//   wheel_max_(rare("a small timer wheel") ? 2 : kWheelMax)
//
// The idea is that of FoundationDB's simulation (Zhou et al., SIGMOD 2021, 4).

namespace holdfast {

// Whether this time, at the point of that name. The name outlives the process.
using DecideRare = bool (*)(const char* point);

// Null: never. Set while no thread runs that could ask.
inline constinit DecideRare decide_rare = nullptr;

inline bool rare(const char* point) { return decide_rare != nullptr && decide_rare(point); }

}  // namespace holdfast
