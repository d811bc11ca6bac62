# Sourced by the scripts that install the package into a fresh Debian; they set `program`, which begins every message.
# shellcheck shell=bash
#
# The fresh Debian, of this machine's release, is made by debootstrap in .local/fresh-debian and kept: the first time takes a minute
# or more. Each script unpacks one of its own and throws it away. It needs root and may mount /proc.

say() { printf '%s: %s\n' "${program:?}" "$*" >&2; }
fail() { say "$*" && exit 1; }

# Ends the script, since what it needs is not to be had. Where CI is set, nobody would see that: there it fails.
skip() {
    [[ ${CI-} != true || $EUID != 0 ]] || fail "$*; with CI=true nothing is skipped"
    say "SKIPPED: $*"
    exit 0
}

need_fresh_debian() {
    ((EUID == 0)) || skip "only root may install into a chroot"
    [[ -n $(command -v debootstrap) ]] || skip "no debootstrap; run Scripts/setup --for-tests"
    unshare --mount true 2>/dev/null || skip "nothing may be mounted here, as in many containers"
}

# Whether the script runs below `in_own_mounts`, by which it calls itself.
has_own_mounts() { [[ ${FRESH_DEBIAN_INSIDE-} == yes ]]; }

# Runs a command so that what is mounted goes with it, however it ends.
in_own_mounts() { FRESH_DEBIAN_INSIDE=yes unshare --mount --propagation private -- "$@"; }

# Sets `work`, a folder for the script's own files, and `root`, the fresh Debian in it. Both go when the script ends, after its
# function `leave`.
make_fresh_debian() {
    local release cache fresh
    # shellcheck source=/dev/null
    release=$(. /etc/os-release && echo "${VERSION_CODENAME:?}")
    cache=$PWD/.local/fresh-debian
    fresh=$cache/$release-$(dpkg --print-architecture).tar
    mkdir -p -- "$cache"
    work=$(mktemp -d -- "$cache/run.XXXXXX")
    root=$work/root
    readonly work root
    trap 'leave; leave_fresh_debian' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM

    # It has what checks the package, and nothing of what the package needs.
    if [[ ! -f $fresh ]]; then
        say "making a fresh Debian $release; this takes a minute or more"
        debootstrap --variant=minbase --include=man-db,systemd,bash-completion,zsh,fish "$release" "$root" >"$work/log" 2>&1 ||
            fail "debootstrap failed: $(tail -n 3 "$work/log")"
        tar --create --directory="$root" --file="$fresh.new.$$" .
        mv -- "$fresh.new.$$" "$fresh"
        rm -rf --one-file-system -- "$root"
    fi
    mkdir -- "$root"
    tar --extract --directory="$root" --file="$fresh"
    mount -t proc proc "$root/proc"
    cp -- /etc/resolv.conf "$root/etc/resolv.conf"
    # No service of a package is started, as in any container.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 -- "$root/usr/sbin/policy-rc.d"
    # It lives for a minute: nothing of it need reach the disk.
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
    inside apt-get update -qq >"$work/log" 2>&1 || fail "apt-get update failed: $(tail -n 3 "$work/log")"
}

leave_fresh_debian() {
    umount -- "$root/proc" 2>/dev/null || true
    rm -rf --one-file-system -- "$work"
}

environment=(PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive)
inside() { chroot "$root" /usr/bin/env --ignore-environment "${environment[@]}" "$@"; }
