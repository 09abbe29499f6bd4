#!/bin/sh
# Installs what the lab and the tests against real peers need, and fetches the unit's own Linux.
#
#   lab/setup.sh CACHE
#
# Idempotent: a second run with the same CACHE takes well under a second. The packages of other architectures
# and of the newer QEMU are downloaded with a private apt configuration and unpacked under CACHE; the host's
# apt sources, lists and architectures stay as they are. Whatever could not be had is named at the end;
# with CI=true that is a failure, otherwise the lab's tests skip and say why.
#
# DEBIAN_MIRROR overrides the mirror, which is otherwise the one this host's apt already uses.
set -u

CACHE=${1:?usage: lab/setup.sh CACHE}
PARTS=$CACHE/parts
STAMP=$PARTS/stamp
PACKAGES="u-boot-qemu u-boot-tools qemu-system-arm qemu-system-misc ipxe-qemu device-tree-compiler kmod cpio
	busybox-static iproute2 lrzsz tftp-hpa tftpd-hpa atftp nmrpflash dnsmasq-base udhcpc socat xz-utils curl libwrap0 libpcre2-8-0
	debian-archive-keyring openssl signify-openbsd minisign gpg gpg-agent gpgconf dfu-util squashfs-tools python3-venv
	genromfs erofs-utils mtd-utils dosfstools mtools gdisk mkbootimg vboot-kernel-utils rauc gcab ovmf e2fsprogs g++
	tnftp python3-pyftpdlib
	dropbear-bin openssh-client libcap2-bin"
# Checkers of firmware files that Debian does not package.
PYTHON_TOOLS="esptool==5.6.0 imgtool==2.5.0"
MODULES="virtio/virtio_ring virtio/virtio virtio/virtio_pci_modern_dev virtio/virtio_pci_legacy_dev
	virtio/virtio_pci virtio/virtio_mmio block/virtio_blk failover net/net_failover net/virtio_net
	configfs/configfs net/netconsole"
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

missing=""
lacks() {
	echo "setup: MISSING $1" >&2
	missing="$missing $1,"
}

finish() {
	if [ -z "$missing" ]; then
		# The digest of this script is part of the stamp, so that a changed list runs again.
		sha256sum <"$0" >"$STAMP"
		echo "setup: everything is here ($CACHE)"
		exit 0
	fi
	echo "setup: could not get:${missing%,}" >&2
	[ "${CI:-}" = true ] && exit 1
	exit 0
}

absent_packages() {
	for package in $PACKAGES; do
		case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) in
		ii*) ;;
		*) echo "$package" ;;
		esac
	done
}

install_packages() {
	absent=$(absent_packages)
	[ -z "$absent" ] && return
	if [ "$(id -u)" != 0 ]; then
		for package in $absent; do lacks "$package (needs root to install)"; done
		return
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q >/dev/null || echo "setup: apt-get update failed; trying with the lists at hand" >&2
	# shellcheck disable=SC2086
	apt-get install -y -q --no-install-recommends $absent >/dev/null ||
		for package in $absent; do
			apt-get install -y -q --no-install-recommends "$package" >/dev/null
		done
	for package in $(absent_packages); do lacks "$package"; done
}

# A private apt: its own sources, lists, cache and dpkg status, so that nothing of the host's changes.
private_apt() {
	program=$1
	shift
	"$program" -q -o Dir::State="$APT/state" -o Dir::State::status="$APT/status" -o Dir::Cache="$APT/cache" \
		-o Dir::Etc::sourcelist="$APT/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o APT::Architectures::="$HOST" -o APT::Architectures::=arm64 -o APT::Architectures::=riscv64 \
		-o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
		-o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false "$@"
}

prepare_apt() {
	APT=$CACHE/apt
	HOST=$(dpkg --print-architecture)
	mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' |
		sed -n 's/^Debian \([^ ]*\)$/\1/p' | head -n 1)}
	if [ -z "$mirror" ] || [ ! -r $KEYRING ]; then
		lacks "a Debian mirror (set DEBIAN_MIRROR) and $KEYRING"
		return 1
	fi
	mkdir -p "$APT/state/lists/partial" "$APT/cache/archives/partial"
	: >"$APT/status"
	cat >"$APT/sources.list" <<-SOURCES
		deb [arch=arm64 signed-by=$KEYRING] $mirror bookworm main
		deb [arch=riscv64 signed-by=$KEYRING] $mirror trixie main
		deb [arch=$HOST signed-by=$KEYRING] $mirror bookworm main
		deb [arch=$HOST signed-by=$KEYRING] $mirror bookworm-backports main
	SOURCES
	private_apt apt-get update >/dev/null || echo "setup: some package lists could not be fetched" >&2
}

# download NAME: leaves exactly one file in $DOWNLOADS.
download() {
	DOWNLOADS=$CACHE/downloads
	rm -rf "$DOWNLOADS"
	mkdir -p "$DOWNLOADS"
	(cd "$DOWNLOADS" && private_apt apt-get download "$1" >/dev/null)
}

# unpack MEMBER...: the named members of the downloaded package, below ./out.
unpack() {
	mkdir -p "$DOWNLOADS/out"
	dpkg-deb --fsys-tarfile "$DOWNLOADS"/*.deb | tar -x -C "$DOWNLOADS/out" --wildcards "$@"
}

fetch_busybox() {
	[ -s "$PARTS/$1/busybox" ] && return
	if download "busybox-static:$1" && unpack '*bin/busybox'; then
		install -D "$(find "$DOWNLOADS/out" -name busybox -type f)" "$PARTS/$1/busybox"
	else
		lacks "busybox-static:$1"
	fi
}

# fetch_kernel ARCHITECTURE METAPACKAGE: the kernel image and its modules, uncompressed; anew where the list has changed.
fetch_kernel() {
	[ -s "$PARTS/$1/Image" ] && [ "$(cat "$PARTS/$1/modules/list" 2>/dev/null)" = "$MODULES" ] && return
	package=$(private_apt apt-cache depends "$2:$1" | sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
	if [ -n "$package" ] && download "$package" && unpack './boot/vmlinu*' '*/virtio*.ko*' '*failover.ko*' '*/configfs.ko*' '*/netconsole.ko*'; then
		rm -rf "$PARTS/$1/modules"
		mkdir -p "$PARTS/$1/modules"
		# A module that is not there is built into this kernel.
		for module in $MODULES; do
			file=$(find "$DOWNLOADS/out" -name "${module##*/}.ko*" | head -n 1)
			case $file in
			*.xz) xz -dc "$file" >"$PARTS/$1/modules/${module##*/}.ko" ;;
			*.ko) cp "$file" "$PARTS/$1/modules/" ;;
			esac
		done
		cp "$(find "$DOWNLOADS/out/boot" -name 'vmlinu*')" "$PARTS/$1/Image"
		printf '%s' "$MODULES" >"$PARTS/$1/modules/list"
	else
		lacks "$2:$1"
	fi
}

# Debian 12's QEMU 7.2 loses most writes to NOR; the backport does not. The lab needs both.
fetch_recent_qemu() {
	[ -x "$PARTS/qemu-recent/qemu-system-aarch64" ] && return
	if download "qemu-system-arm:$HOST/bookworm-backports" && unpack './usr/bin/qemu-system-aarch64' &&
		install -D "$DOWNLOADS/out/usr/bin/qemu-system-aarch64" "$PARTS/qemu-recent/qemu-system-aarch64" &&
		mkdir -p "$PARTS/qemu-recent/modules" &&
		QEMU_MODULE_DIR=$PARTS/qemu-recent/modules "$PARTS/qemu-recent/qemu-system-aarch64" --version >/dev/null; then
		return
	fi
	rm -rf "$PARTS/qemu-recent"
	lacks "qemu-system-arm of bookworm-backports"
}

# Its package and that of tftpd-hpa shut each other out; the tests want to meet both.
fetch_atftpd() {
	[ -x "$PARTS/bin/atftpd" ] && return
	if download "atftpd:$HOST" && unpack './usr/sbin/atftpd'; then
		install -D "$DOWNLOADS/out/usr/sbin/atftpd" "$PARTS/bin/atftpd"
	else
		lacks "atftpd"
	fi
}

# Its package would start a server on this host.
fetch_sshd() {
	[ -x "$PARTS/bin/sshd" ] && return
	if download "openssh-server:$HOST" && unpack './usr/sbin/sshd'; then
		install -D "$(find "$DOWNLOADS/out" -name sshd -type f)" "$PARTS/bin/sshd"
	else
		lacks "sshd"
	fi
}

fetch_python_tools() {
	[ -x "$PARTS/bin/esptool" ] && [ -x "$PARTS/bin/espsecure" ] && [ -x "$PARTS/bin/imgtool" ] && return
	mkdir -p "$PARTS/bin"
	# shellcheck disable=SC2086
	if python3 -m venv "$PARTS/python" && "$PARTS/python/bin/pip" install --quiet $PYTHON_TOOLS; then
		for tool in esptool espsecure imgtool; do ln -sf "$PARTS/python/bin/$tool" "$PARTS/bin/$tool"; done
	else
		lacks "$PYTHON_TOOLS (from PyPI)"
	fi
}

if ! mkdir -p "$PARTS" 2>/dev/null || [ ! -w "$PARTS" ]; then
	lacks "a cache folder that can be written to ($CACHE)"
	finish
fi
[ -z "$(absent_packages)" ] && [ -e "$STAMP" ] && [ "$(sha256sum <"$0")" = "$(cat "$STAMP")" ] && finish

install_packages
fetch_python_tools
if prepare_apt; then
	for architecture in arm64 riscv64; do fetch_busybox $architecture; done
	fetch_kernel arm64 linux-image-cloud-arm64
	fetch_kernel riscv64 linux-image-riscv64
	fetch_recent_qemu
	fetch_atftpd
	fetch_sshd
	rm -rf "$CACHE/downloads"
fi
finish
