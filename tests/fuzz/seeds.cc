// What is beside each target in its program: its seeds, written where libFuzzer reads them.
//
//   x_fuzz --write-seeds=FOLDER      writes them there and ends

#include "tests/fuzz/seeds.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr std::string_view kOption = "--write-seeds=";
  if (*argc != 2 || !std::string_view((*argv)[1]).starts_with(kOption)) return 0;
  const std::filesystem::path folder = (*argv)[1] + kOption.size();
  std::filesystem::create_directories(folder);
  int number = 0;
  for (const holdfast::Bytes& seed : holdfast::testing::fuzz_seeds()) {
    std::ofstream file(folder / ("seed-" + std::to_string(number++)), std::ios::binary);
    file << seed;
    file.close();
    if (!file) {
      std::perror("write-seeds");
      std::exit(1);
    }
  }
  std::exit(0);
}
