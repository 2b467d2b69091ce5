#!/usr/bin/env bash
# Installs what the build and the tests need. Each part is probed first, so that a second run
# installs nothing.
#
#   scripts/setup.sh PART...     rust, wasm, npm, deny, chromium
#
# Command line tools go into .tools/, npm packages into node_modules/; both may be cached. rustup
# and cargo keep their downloads where they always do.
set -euo pipefail
cd "$(dirname "$0")/.."

WASM_BINDGEN=0.2.129 # the crate's version, exactly
WASM_PACK=0.15.1
CARGO_DENY=0.20.2

fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

need() { command -v "$1" >/dev/null || fail "$1 is missing: $2"; }

retry() {
  "$@" || { sleep 5 && "$@"; } || { sleep 20 && "$@"; }
}

# install CRATE VERSION COMMAND: unoptimized, because that is six times as quick to build.
install() {
  local bin=.tools/bin/$3
  [[ -x $bin && "$("$bin" --version)" == *" $2"* ]] && return
  need cargo "install Rust by https://rustup.rs"
  retry env CARGO_PROFILE_DEV_DEBUG=0 cargo install "$1" --version "$2" --locked --debug --force --root .tools
}

rust() {
  need rustup "install Rust by https://rustup.rs"
  local channel targets
  channel=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
  read -ra targets < <(sed -n 's/^targets = \[\(.*\)\]/\1/p' rust-toolchain.toml | tr -d '",')
  has_rust "$channel" "${targets[@]}" && return
  retry rustup toolchain install "$channel" --profile minimal \
    --component rustfmt --component clippy "${targets[@]/#/--target=}"
}

# has_rust CHANNEL TARGET...
has_rust() {
  local target libdir
  rustup run "$1" cargo clippy --version >/dev/null 2>&1 || return
  rustup run "$1" cargo fmt --version >/dev/null 2>&1 || return
  for target in "${@:2}"; do
    libdir=$(rustup run "$1" rustc --print target-libdir --target "$target" 2>/dev/null) || return
    [[ -d $libdir ]] || return
  done
}

wasm() {
  install wasm-bindgen-cli "$WASM_BINDGEN" wasm-bindgen
  install wasm-pack "$WASM_PACK" wasm-pack
}

deny() { install cargo-deny "$CARGO_DENY" cargo-deny; }

npm_packages() {
  need node "install Node.js 20 or newer"
  (($(node -p 'parseInt(process.versions.node)') >= 20)) || fail "Node.js $(node -v) is too old: 20 or newer"
  cmp -s package-lock.json node_modules/.installed && return
  retry npm ci --ignore-scripts --no-audit --no-fund
  cp package-lock.json node_modules/.installed
}

chromium_browser() {
  command -v chromedriver >/dev/null && command -v chromium >/dev/null && return
  local packages=(chromium chromium-driver)
  if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
    fail "the tests need chromium and chromedriver on the PATH (on Debian: apt-get install ${packages[*]})"
  fi
  export DEBIAN_FRONTEND=noninteractive
  retry apt-get update
  retry apt-get install -y --no-install-recommends "${packages[@]}"
}

for part in "$@"; do
  case $part in
    rust) rust ;;
    wasm) wasm ;;
    deny) deny ;;
    npm) npm_packages ;;
    chromium) chromium_browser ;;
    *) fail "unknown part: $part" ;;
  esac
done
