# Sourced by the scripts that run servers of this checkout's own; they set `program`, which begins every message.
# shellcheck shell=bash

say() { echo "${program:?}: $*" >&2; }
fail() { say "$*"; exit 1; }

# A stray PGPORT, PGDATA or PGOPTIONS in the environment must not redirect a server or psql.
# shellcheck disable=SC2086
unset ${!PG@}

# PostgreSQL and pgbouncer refuse to run as root; drop to `nobody`, which the password file must know (initdb looks the
# user up). The lock on descriptor 9 is closed first, or the server would hold it for as long as it runs.
as_server_user() {
    if ((EUID == 0)); then
        setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups -- "$@" 9>&-
    else
        "$@" 9>&-
    fi
}

# Gives files to the user that servers run as.
give_to_server_user() { if ((EUID == 0)); then chown -- nobody "$@"; fi; }

# Prints the folder for servers and their data, made if need be: .local/NAME of the checkout, unless the server's user
# cannot reach it (root's home is closed to others) or the path is too long for a Unix socket (107 bytes with the
# socket's name).
choose_home() {
    local checkout home
    checkout=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
    home=$checkout/.local/$1
    mkdir -p -- "$home"
    if ((${#home} <= 80)) && (cd / && as_server_user test -r "$home" -a -x "$home") 2>/dev/null; then
        echo "$home"
        return
    fi
    home=$(cd -- "${TMPDIR:-/tmp}" && pwd -P)/embedding-job-$1-$(cksum <<<"$checkout" | cut -d' ' -f1)
    mkdir -p -- "$home"
    # Others may write to the temporary folder: never use a directory that somebody else put there.
    [[ -O $home && ! -L $home ]] || fail "$home belongs to another user; remove it or set TMPDIR"
    echo "$home"
}

is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Prints the port in file $1 if it is free, else the first free one from $2 on.
# First ports lie below 32768, where the kernel takes the local ports of outgoing connections from: one of those would be in
# the way without answering.
choose_port() {
    local port
    if [[ -f $1 ]] && port=$(<"$1") && ! is_taken "$port"; then
        echo "$port"
        return
    fi
    for ((port = $2; port < $2 + 50; port++)); do
        is_taken "$port" || { echo "$port"; return; }
    done
    fail "no free port from $2 on"
}

# One command of a script at a time, by a lock on the file $1.
exclusively() {
    exec 9>"$1"
    flock 9
    "${@:2}"
}

# Downloads requirement $1, with the hashes $2…, for the platform of this machine and unpacks it into folder $3.
# Wheels are built per CPython version; what is wanted of them does not depend on it, so one is pinned for every host.
fetch_wheel() {
    local requirement=$1 hashes=$2 folder=$3 platform
    python3 -m pip --version >/dev/null 2>&1 ||
        fail "python3 with pip is needed to fetch $requirement; run Scripts/setup"
    rm -rf -- "$folder"
    mkdir -p -- "$folder"
    echo "$requirement $hashes" >"$folder/requirements.txt"
    local platforms=()
    for platform in manylinux2014 manylinux_2_28; do platforms+=(--platform "${platform}_$(uname -m)"); done
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
        --python-version 3.11 --implementation cp --abi cp311 "${platforms[@]}" \
        --dest "$folder" --requirement "$folder/requirements.txt" >&2
    python3 -m zipfile -e "$folder"/*.whl "$folder/unpacked"
}

# A cluster has a folder with its `data`, its superuser's `password`, its `port` and its `server.log`. The functions
# below take the folder of PostgreSQL's programs and that of the cluster.

create_cluster() {
    local folder=$2
    [[ -f $folder/data/PG_VERSION ]] && return
    rm -rf -- "$folder/data" "$folder/data.partial"
    mkdir -p -- "$folder"
    (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$folder/password")
    mkdir -m 700 -- "$folder/data.partial"
    give_to_server_user "$folder/data.partial" "$folder/password"
    as_server_user "$1/initdb" --pgdata="$folder/data.partial" --username=postgres --pwfile="$folder/password" \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C --no-sync --no-instructions >"$folder/initdb.log" 2>&1 ||
        fail "initdb failed: $(tail -n 1 "$folder/initdb.log") (see $folder/initdb.log)"
    mv -- "$folder/data.partial" "$folder/data"
    say "created a cluster in $folder/data"
}

is_cluster_running() {
    [[ -x $1/pg_ctl && -d $2/data ]] && as_server_user "$1/pg_ctl" status --pgdata="$2/data" &>/dev/null
}

# Starts it on port $3 with more server options $4. It trades durability for speed. pg_ctl hands the options to a shell:
# one line, paths quoted.
start_cluster() {
    local log=$2/server.log options
    options="-p $3 -k '$2/data' -c listen_addresses=127.0.0.1"
    options+=" -c fsync=off -c full_page_writes=off -c synchronous_commit=off $4"
    : >"$log"
    give_to_server_user "$log"
    as_server_user "$1/pg_ctl" start --silent --wait --timeout=60 --pgdata="$2/data" --log="$log" \
        --options="$options" </dev/null >/dev/null 2>&1 ||
        fail "the server did not start: $(grep -E 'FATAL|PANIC' "$log" | tail -n 1) (see $log)"
    echo "$3" >"$2/port"
}

stop_cluster() { as_server_user "$1/pg_ctl" stop --silent --mode=fast --pgdata="$2/data" >&2; }
