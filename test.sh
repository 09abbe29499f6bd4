#!/bin/sh
# Sets this computer up and runs every test, those against real bootloaders included.
#
#   ./test.sh
#
# Needs Rust 1.95 and a C compiler. As root on Debian it installs the packages that the lab and the real peers need.
# What it cannot have it names, here and again at the end, and leaves those tests out; with CI=true that is a failure.
# The lab's files go to $DEBRICK_LAB_CACHE, by default /var/cache/debrick-lab (root) or ~/.cache/debrick-lab.
set -u

cd "$(dirname "$0")" || exit 1

if [ "$(id -u)" = 0 ]; then
	default_cache=/var/cache/debrick-lab
else
	default_cache=${XDG_CACHE_HOME:-$HOME/.cache}/debrick-lab
fi
CACHE=${DEBRICK_LAB_CACHE:-$default_cache}
export DEBRICK_LAB_CACHE="$CACHE"
# Everything is built once, with one choice of features; what is run after that is run as it was built.
BUILT=${CARGO_TARGET_DIR:-target}/debug
case $BUILT in /*) ;; *) BUILT=$PWD/$BUILT ;; esac
export PATH="$CACHE/parts/bin:$CACHE/tools/bin:$PATH"

# The same cases of the property tests in every run: what fails here fails again at the desk. Fuzzing looks for new ones.
export PROPTEST_RNG_SEED="${PROPTEST_RNG_SEED:-20240101}"

began=$(date +%s)
steps=0
left_out=""

took() {
	seconds=$(($(date +%s) - $1))
	echo "$((seconds / 60)) min $((seconds % 60)) s"
}

fail() {
	echo "test.sh: FAILED: $1 (after $(took "$began"))" >&2
	exit 1
}

# leave_out WHAT: a skip, named aloud; in CI a failure.
leave_out() {
	echo "test.sh: LEFT OUT: $1" >&2
	[ "${CI:-}" = true ] && fail "$1; with CI=true nothing may be left out"
	left_out="$left_out
  $1"
}

heading() {
	steps=$((steps + 1))
	echo
	echo "== $steps. $1"
}

# step HEADING COMMAND...: runs a command and stops at its failure.
step() {
	heading "$1"
	title=$1
	shift
	step_began=$(date +%s)
	"$@" || fail "$title: $*"
	echo "-- $(took "$step_began")"
}

set_up_lab() {
	log=$(mktemp) || return 1
	lab/setup.sh "$CACHE" 2>"$log"
	status=$?
	cat "$log" >&2
	missing=$(sed -n 's/^setup: could not get: *//p' "$log")
	rm -f "$log"
	[ -z "$missing" ] || leave_out "tests that need $missing"
	return "$status"
}

have_rust_tools() {
	cargo --version || return 1
	for pair in fmt:rustfmt clippy:clippy; do
		cargo "${pair%:*}" --version && continue
		echo "${pair#*:} is not installed; trying rustup"
		rustup component add "${pair#*:}" || return 1
	done
}

have_cargo_deny() {
	command -v cargo-deny >/dev/null && return
	echo "cargo-deny is not installed; building it takes a minute, once"
	cargo install --locked --quiet --debug --root "$CACHE/tools" cargo-deny
}

check_dependencies() {
	if have_cargo_deny; then
		cargo deny --locked check --hide-inclusion-graph licenses bans sources
	else
		leave_out "the check of licences and sources: cargo-deny could not be installed"
	fi
}

# run_lab ARGUMENTS...: xtask lab, where this computer can.
run_lab() {
	if [ "$(id -u)" != 0 ]; then
		leave_out "lab $1, which needs root (as do the tests against real TFTP servers)"
	elif [ -n "$missing" ]; then
		leave_out "lab $1, which needs $missing"
	else
		"$BUILT/xtask" lab "$@" --program "$BUILT/debrick" --cache "$CACHE"
	fi
}

fuzz_briefly() {
	if command -v c++ >/dev/null; then
		"$BUILT/xtask" fuzz --seconds 3
	else
		leave_out "fuzzing, which needs a C++ compiler"
	fi
}

missing=""
step "Rust's tools" have_rust_tools
step "packages and the lab's parts, in $CACHE" set_up_lab
step "formatting" cargo fmt --all --check
step "lints" cargo clippy --workspace --all-targets --locked -- -D warnings
step "build" cargo build --workspace --lib --bins --tests --examples --locked
step "layers" "$BUILT/xtask" check-layers
step "device records" "$BUILT/xtask" check-catalog
step "what the catalog knows, and how well it is searched" "$BUILT/xtask" bench catalog --as-built --program "$BUILT/debrick"
step "pages made from the code" "$BUILT/xtask" docs --check
step "licences, bans and sources of dependencies" check_dependencies
step "tests" cargo test --workspace --locked
step "fuzzing, three seconds for each target" fuzz_briefly
step "lab: recovery over the network, both halves against what others wrote" run_lab lan --at-a-time 4
step "lab: every brick on a real bootloader" run_lab router
step "lab: bricks diagnosed live, by listening alone" run_lab diagnose --brick healthy --brick ramdisk-damaged --brick boot-command-lost --brick settings-garbage
step "lab: a failed repair is packed and played again" run_lab scenarios --only bundle-replays
step "lab: repairs that are killed, and resumed" run_lab kills --count 4

echo
if [ -n "$left_out" ]; then
	echo "test.sh: left out:$left_out"
	echo "test.sh: everything else passed: $steps steps in $(took "$began")"
else
	echo "test.sh: everything passed: $steps steps in $(took "$began")"
fi
