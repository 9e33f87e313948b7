# Sourced after setup.sh: a PostgreSQL cluster of its own for one run, on a unix socket in a temporary directory.

fx_pg_bin() {
    for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V -r) /usr/pgsql-*/bin; do
        [ -x "$folder/initdb" ] && { echo "$folder"; return 0; }
    done
    command -v initdb >/dev/null 2>&1 && { dirname "$(command -v initdb)"; return 0; }
    return 1
}

# PostgreSQL refuses to run as root.
fx_pg_as() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=postgres --regid=postgres --init-groups "$@"
    else
        "$@"
    fi
}

# Start a cluster and export DATABASE_URL; false when it cannot be had. fx_pg_stop removes it.
fx_pg_start() {
    fx_pg_bin_dir=$(fx_pg_bin) || { fx_apt postgresql && fx_pg_bin_dir=$(fx_pg_bin); } || return 1
    fx_pg_home=$(mktemp -d "${TMPDIR:-/tmp}/fangxian-pg.XXXXXX") || return 1
    [ "$(id -u)" != 0 ] || chown postgres:postgres "$fx_pg_home"
    # The cluster lives for one run, so nothing in it needs to survive a power cut.
    (cd "$fx_pg_home" &&
        fx_pg_as "$fx_pg_bin_dir/initdb" --pgdata="$fx_pg_home/data" --username=fangxian --auth=trust \
            --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$fx_pg_home/initdb.log" 2>&1 &&
        fx_pg_as "$fx_pg_bin_dir/pg_ctl" --pgdata="$fx_pg_home/data" --log="$fx_pg_home/server.log" --wait \
            --options="-c listen_addresses='' -c unix_socket_directories='$fx_pg_home' -c fsync=off \
-c synchronous_commit=off -c full_page_writes=off -c max_connections=60 -c shared_buffers=128MB" \
            start >/dev/null 2>&1) || {
        cat "$fx_pg_home/initdb.log" "$fx_pg_home/server.log" >&2 2>/dev/null
        fx_pg_stop
        return 1
    }
    DATABASE_URL="postgres://fangxian@/postgres?host=$fx_pg_home"
    export DATABASE_URL
}

fx_pg_stop() {
    [ -n "${fx_pg_home:-}" ] || return 0
    (cd "$fx_pg_home" && fx_pg_as "$fx_pg_bin_dir/pg_ctl" --pgdata="$fx_pg_home/data" --mode=immediate --wait stop \
        >/dev/null 2>&1) || true
    rm -rf "$fx_pg_home"
    fx_pg_home=
    unset DATABASE_URL
}
