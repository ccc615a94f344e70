#!/usr/bin/env bash
# CAF under the thread sanitizer, in build/tsan-caf: without it, every hand-over of an actor from one thread to
# another looks like a race, because the synchronisation inside the library is not seen.
#
# From the upstream tar of Debian's source package, in the version of the libcaf-dev that is installed, without
# Debian's patches. apt checks its signature. Nothing of the system's apt is changed: lists and cache of this one are
# in the folder. Does nothing when that version is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

fail() { printf 'tsan_caf.sh: %s\n' "$*" >&2; exit 1; }

folder=$PWD/build/tsan-caf
flags='-O1 -g1 -fno-omit-frame-pointer -fsanitize=thread'
read -r package version < <(dpkg-query -W -f '${source:Package} ${source:Version}\n' libcaf-dev) ||
  fail 'libcaf-dev is not installed'
wanted="$package $version, $(g++ -dumpfullversion), $flags"
if [[ -f $folder/built && "$(<"$folder/built")" == "$wanted" ]]; then
  exit
fi

rm -rf "$folder"
mkdir -p "$folder"/apt/{lists/partial,cache/archives/partial,parts} "$folder/source"

# The mirrors that the system uses for Debian itself, for sources this time.
codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
keys=/usr/share/keyrings/debian-archive-keyring.gpg
apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
  awk -v keys="[signed-by=$keys]" -v name="$codename" \
    'index($2, name) == 1 && $3 == "main" {print "deb-src", keys, $1, $2, $3}' |
  sort -u >"$folder/apt/sources.list"
[[ -s $folder/apt/sources.list ]] || fail "apt knows no mirror of Debian $codename"

apt=(apt-get -q -o "Dir::Etc::SourceList=$folder/apt/sources.list" -o "Dir::Etc::SourceParts=$folder/apt/parts"
  -o "Dir::State::Lists=$folder/apt/lists" -o "Dir::Cache=$folder/apt/cache" -o "APT::Sandbox::User=$(id -un)")
{
  "${apt[@]}" update
  cd "$folder/source"
  "${apt[@]}" source --download-only --tar-only "$package=$version"
} >"$folder/apt.log" 2>&1 || { cat "$folder/apt.log" >&2; fail "no source of $package $version"; }
tar xf "$folder/source/"*.orig.tar.*

cmake -S "$folder"/source/*/ -B "$folder/build" -G Ninja -DCMAKE_INSTALL_PREFIX="$folder/installed" \
  -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_FLAGS="-std=c++11 -w $flags" \
  -DCMAKE_CXX_COMPILER_LAUNCHER="$(command -v ccache || true)" \
  -DCAF_NO_IO=yes -DCAF_NO_EXAMPLES=yes -DCAF_NO_TOOLS=yes -DCAF_NO_PYTHON=yes -DCAF_NO_OPENCL=yes \
  -DCAF_NO_OPENSSL=yes -DCAF_NO_UNIT_TESTS=yes >"$folder/configure.log" 2>&1 ||
  { cat "$folder/configure.log" >&2; fail 'CAF cannot be configured'; }
cmake --build "$folder/build" --target install
rm -rf "$folder/apt" "$folder/build"
printf '%s\n' "$wanted" >"$folder/built"
