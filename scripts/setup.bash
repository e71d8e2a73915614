# Shared by scripts/start and scripts/test: what has to be there before anything can run. To be sourced, in the project's folder.

say() { printf '%s\n' "• $*" >&2; }

die() {
  printf '%s\n' "$1" >&2
  [[ -z "${2:-}" ]] || printf '%s\n' "  $2" >&2
  exit 1
}

require_node() {
  command -v node >/dev/null || die "Node.js is missing: tapsock needs version 20.19 or later." "See https://nodejs.org/en/download, or ask your distribution for nodejs."
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    die "Node.js $(node --version) is too old: tapsock needs version 20.19 or later." "See https://nodejs.org/en/download."
  command -v npm >/dev/null || die "npm is missing; it usually comes with Node.js." "Ask your distribution for npm."
}

install_packages() {
  if [[ ! -e node_modules/.package-lock.json || package-lock.json -nt node_modules/.package-lock.json ]]; then
    say "installing npm packages into node_modules (npm ci)"
    npm ci --no-progress >&2 || die "npm ci failed." "Its message above names the cause; without network access, copy node_modules from a machine that has it."
    touch node_modules/.package-lock.json
  fi
}

build_if_stale() {
  if [[ ! -e dist/.built || -n "$(find src web examples package.json tsconfig*.json scripts/finish-build.mjs scripts/build-page.mjs -newer dist/.built -print -quit)" ]]; then
    say "building (npm run build)"
    npm run --silent build >&2 || die "The build failed." "The compiler's messages are above."
    touch dist/.built
  fi
}

# The words that run a command in a new network namespace, as lines; nothing when this machine grants none.
namespace_command() {
  if unshare --net true 2>/dev/null; then
    printf '%s\n' unshare --net
  elif unshare --user --map-root-user --net true 2>/dev/null; then
    printf '%s\n' unshare --user --map-root-user --net
  fi
}

# Why there is no TAP device here, in a sentence with its remedy; nothing when one can be had inside "$@".
tap_obstacle() {
  if [[ ! -e /dev/net/tun ]]; then
    echo "/dev/net/tun is missing. Load it with 'modprobe tun', or start the container with '--device /dev/net/tun'."
  elif [[ ! -r /dev/net/tun || ! -w /dev/net/tun ]]; then
    echo "this user may not open /dev/net/tun. Run as root, or allow it with 'sudo chmod 0666 /dev/net/tun'."
  elif [[ $# -eq 0 ]]; then
    echo "no network namespace can be made. Run as root, or allow unprivileged ones with 'sysctl -w kernel.unprivileged_userns_clone=1'."
  elif ! "$@" node scripts/probe-tap.mjs 2>/dev/null; then
    echo "a TAP device cannot be made even in a namespace of its own. 'npx tapsock doctor' says what is missing."
  fi
}
