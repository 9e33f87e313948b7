# Sourced by the other scripts, from the root of the project. Each step does nothing when it is done already.

fx_say() { printf '%s\n' "$*" >&2; }

fx_fail() {
    fx_say "$*"
    exit 1
}

fx_can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

fx_apt_install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; }

# fx_apt PACKAGE...: install from Debian where that is allowed; false where it is not or does not work.
fx_apt() {
    fx_can_apt || return 1
    fx_say "Installing from Debian: $*"
    fx_apt_log=$(mktemp)
    # The lists may be missing or old; then the first try fails and the second finds them fresh.
    if fx_apt_install "$@" >"$fx_apt_log" 2>&1 ||
        { apt-get update -qq && fx_apt_install "$@"; } >"$fx_apt_log" 2>&1; then
        rm -f "$fx_apt_log"
        return 0
    fi
    tail -n 20 "$fx_apt_log" >&2
    rm -f "$fx_apt_log"
    return 1
}

fx_python() {
    for candidate in python3.11 python3.12 python3.13 python3; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}

fx_venv() {
    [ -x .venv/bin/python ] && .venv/bin/python -c '' 2>/dev/null && return 0
    python=$(fx_python) || { fx_apt python3.11 python3.11-venv && python=python3.11; } ||
        fx_fail "Python 3.11 is missing. Install python3.11 and python3.11-venv, then start again."
    rm -rf .venv
    fx_say "Making the virtual environment."
    if ! "$python" -m venv .venv >/dev/null 2>&1; then
        rm -rf .venv
        fx_apt python3-venv && "$python" -m venv .venv ||
            fx_fail "Python's venv module is missing. Install python3-venv, then start again."
    fi
}

# fx_hash FILE...: one word that changes when a file does.
fx_hash() { cat "$@" | sha256sum | cut -d' ' -f1; }

# fx_requirements NAME: install requirements/NAME.txt when it changed since the last time.
fx_requirements() {
    wanted=$(fx_hash "requirements/$1.txt")
    stamp=".venv/.installed-$1"
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && return 0
    fx_say "Installing the pinned packages ($1)."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
        -r "requirements/$1.txt" >&2 || fx_fail "The packages could not be installed. Is the package index reachable?"
    # The sources are imported where they lie.
    site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$PWD/src" >"$site/fangxian.pth"
    printf '%s\n' "$wanted" >"$stamp"
}

fx_npm() {
    if command -v npm >/dev/null 2>&1; then
        npm "$@"
    else
        # Node from the Python index: one wheel, no root needed; Debian's npm draws in hundreds of packages.
        if [ ! -x build/node/bin/npm ]; then
            "$(fx_python)" -m venv build/node && build/node/bin/python -m pip install --quiet \
                --disable-pip-version-check --require-hashes -r requirements/node.txt >&2 || return 1
        fi
        PATH="$PWD/build/node/bin:$PATH" build/node/bin/npm "$@"
    fi
}

# fx_browser_libraries MODE: fetch the npm packages of the lock file, and put the files the pages need in place.
fx_browser_libraries() {
    wanted="$1 $(fx_hash package.json package-lock.json script/lib/build.py)"
    stamp=build/.browser-libraries
    if [ -f "$stamp" ]; then
        held=$(cat "$stamp")
        # What was fetched for the tests holds all that the server needs.
        [ "$held" = "$wanted" ] || [ "$held" = "dev ${wanted#* }" ] && return 0
    fi
    fx_say "Fetching the browser libraries."
    omit=
    [ "$1" = dev ] || omit=--omit=dev
    fx_npm ci --ignore-scripts --no-audit --no-fund --loglevel=error $omit >&2 ||
        fx_fail "The browser libraries could not be fetched. Is the npm registry reachable?"
    .venv/bin/python script/lib/build.py vendor
    printf '%s\n' "$wanted" >"$stamp"
}

fx_static() {
    # An older stamp, or a static source newer than it, means the collected copy is stale.
    if [ -f build/.collected ] && [ -z "$(find src/fangxian/*/static build/static build/.browser-libraries \
        .venv/.installed-run -newer build/.collected -print 2>/dev/null | head -n 1)" ]; then
        return 0
    fi
    fx_say "Collecting the static files."
    touch build/.collecting
    FANGXIAN_DEBUG=0 FANGXIAN_ENV=embedded DATABASE_URL='' \
        .venv/bin/python -m django collectstatic --noinput --clear --verbosity 0 >&2 ||
        fx_fail "The static files could not be collected."
    mv build/.collecting build/.collected
}

# fx_setup run|dev: everything short of a database.
fx_setup() {
    export DJANGO_SETTINGS_MODULE=fangxian.config.settings
    mkdir -p build
    # Two scripts may start at once; the second waits, and then finds the work done.
    exec 9>build/.lock
    flock 9
    fx_venv
    fx_requirements run
    [ "$1" = run ] || fx_requirements dev
    fx_browser_libraries "$1"
    .venv/bin/python script/lib/build.py catalogues
    fx_static
    exec 9>&-
}
