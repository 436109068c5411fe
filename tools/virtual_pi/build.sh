#!/usr/bin/env bash
# Makes the virtual Pi's disk in the folder given: Debian packages first, then what Python needs, then the compilers go.
# What the project itself puts beside them comes with each run, so that a change of it needs no new disk.
set -euo pipefail
cache=$1
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$cache"
root=$cache/root
say() { printf '== %s\n' "$*" >&2; }
inside() { chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
cleanup() { umount "$root/proc" "$root/dev" 2>/dev/null || true; }
trap cleanup EXIT

rm -rf "$root"
say "Debian trixie"
debootstrap --variant=minbase --include=ca-certificates,kmod,udev,python3,python3-venv,python3-dev,procps,strace trixie "$root" >"$cache/build.log"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
cp /etc/resolv.conf "$root/etc/resolv.conf"
# A machine behind a proxy has its own certificates; elsewhere these are Debian's own.
[ ! -f /etc/ssl/certs/ca-certificates.crt ] || cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
# The backports' kernel has gpio-sim, and its libcamera the virtual pipeline.
sed 's/ trixie / trixie-backports /' "$root/etc/apt/sources.list" >"$root/etc/apt/sources.list.d/backports.list"
printf 'APT::Install-Recommends "false";\n' >"$root/etc/apt/apt.conf.d/90no-recommends"

say "kernel, libcamera"
inside apt-get update >>"$cache/build.log"
mkdir -p "$root/etc/initramfs-tools/conf.d"
printf 'MODULES=list\n' >"$root/etc/initramfs-tools/conf.d/modules"
inside apt-get install -y initramfs-tools >>"$cache/build.log" 2>&1
printf 'virtio_pci\nvirtio_blk\next4\n' >"$root/etc/initramfs-tools/modules"
inside apt-get install -y -t trixie-backports linux-image-amd64 python3-libcamera libcamera-tools >>"$cache/build.log" 2>&1

say "Python packages"
inside apt-get install -y gcc libc6-dev make swig libcap-dev >>"$cache/build.log" 2>&1
inside python3 -m venv --system-site-packages /opt/trap
pip() { inside env ${PIP_CERT:+PIP_CERT="$PIP_CERT"} PIP_DEFAULT_TIMEOUT=180 PYPI=1 /opt/trap/bin/pip install -q "$@" >>"$cache/build.log" 2>&1; }
pip setuptools wheel
pip --no-build-isolation 'lgpio==0.2.2.0'
pip 'picamera2==0.3.38' 'gpiozero==2.0.1' gpiod pyserial smbus2 ai-edge-litert opencv-python-headless pytest hypothesis \
  astral click cryptography msgspec pillow platformdirs
inside apt-get purge -y --auto-remove gcc make swig >>"$cache/build.log" 2>&1
inside apt-get clean

cp "$here/init" "$root/virtual-pi-init"
chmod +x "$root/virtual-pi-init"
mkdir -p "$root/usr/share/libcamera/pipeline/virtual" "$root/opt/frames" "$root/mnt"

say "the disk"
cleanup
kernel=$(find "$root/boot" -name 'vmlinuz-*' | sort | tail -1)
cp "$kernel" "$cache/vmlinuz"
cp "${kernel/vmlinuz/initrd.img}" "$cache/initrd"
size_mb=$(($(du -sm "$root" | cut -f1) + 400))
rm -f "$cache/root.img.part"
mke2fs -q -t ext4 -d "$root" "$cache/root.img.part" "${size_mb}M"
mv "$cache/root.img.part" "$cache/root.img"
rm -rf "$root"
say "made: $cache/root.img"
