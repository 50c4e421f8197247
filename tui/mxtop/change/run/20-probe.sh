# What this machine offers, read-only: `key value` lines.

fact() { printf '%s %s\n' "$1" "$2"; }

python() { # the interpreter, where there is one
  local path
  for path in /usr/bin/python3 "$(command -v python3 2>/dev/null)"; do
    [ -x "$path" ] && printf '%s\n' "$path" && return
  done
  return 1
}

EXCHANGE_PY='
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
if libc.renameat2(-100, os.fsencode(sys.argv[1]), -100, os.fsencode(sys.argv[2]), 2):
    sys.exit(os.strerror(ctypes.get_errno()))
'

MV= # how often mv(1) speaks of its --exchange, once it was asked

mv_can_exchange() {
  [ -n "$MV" ] || MV=$(mv --help 2>/dev/null | grep -c -e --exchange)
  [ "$MV" != 0 ]
}

exchange() { # A B: the two names swap their files, in one step (renameat2(2), RENAME_EXCHANGE)
  if mv_can_exchange; then
    mv --exchange -T -- "$1" "$2" 8>&- 9>&-
  else
    "$(python)" -I -S -c "$EXCHANGE_PY" "$1" "$2" 8>&- 9>&-
  fi
}

swap_kind() { # DIRECTORY: how a file there can be replaced
  case $(stat -f -c %T -- "$1") in
    ext2/ext3 | ext4 | xfs | btrfs | tmpfs | overlayfs | f2fs | zfs) ;;
    *) echo rename; return ;;
  esac
  if mv_can_exchange; then
    echo exchange
  elif path=$(python) && "$path" -I -S -c 'import ctypes; ctypes.CDLL(None).renameat2' 2>/dev/null; then
    echo exchange
  else
    echo rename
  fi
}

mark_of_management() { # the word in the file's comments that says who else writes it
  grep -i -m 1 -o -E '^#.*(puppet|ansible|chef|salt|cfengine|terraform|cloud-init)' -- "$1" 2>/dev/null |
    grep -i -m 1 -o -E 'puppet|ansible|chef|salt|cfengine|terraform|cloud-init' | tail -n 1
}

obstacle() { # REAL: why this file cannot be replaced, in words; nothing where it can
  local dir=${1%/*} free flags
  [ -f "$1" ] || { echo "$1 is not a regular file"; return; }
  if cut -d ' ' -f 5 /proc/self/mountinfo | grep -q -x -F -e "$1"; then
    echo "$1 is a mount point (a container's bind mount?): change it where it comes from"
    return
  fi
  flags=$(lsattr -d -- "$1" 2>/dev/null)
  case ${flags%% *} in *[ia]*) echo "$1 is immutable (lsattr): chattr -i it first"; return ;; esac
  flags=$(lsattr -d -- "$dir" 2>/dev/null)
  case ${flags%% *} in *[ia]*) echo "$dir is immutable (lsattr): chattr -i it first"; return ;; esac
  [ -w "$dir" ] || { echo "$dir cannot be written: a read-only file system, or no permission"; return; }
  case $(stat -c %A -- "$dir") in ????????w?) echo "$dir can be written by everybody"; return ;; esac
  if [ -e "$1.tmp" ] || [ -L "$1.tmp" ]; then
    [ -f "$1.tmp" ] && [ ! -L "$1.tmp" ] && [ "$(stat -c %u -- "$1.tmp")" = "$(id -u)" ] ||
      { echo "$1.tmp, Postfix's lock, is not a regular file of this user"; return; }
  fi
  free=$(df -Pk -- "$dir" | tail -n 1 | tr -s ' ' | cut -d ' ' -f 4)
  [ "$free" -gt $(($(stat -c %s -- "$1") / 512 + 8)) ] || echo "no room left in $dir"
}

probe() { # BASE DIR
  local tool
  fact user "$(id -u)"
  for tool in cp cut df find flock grep mv readlink sed setsid sha256sum stat sync tail timeout tr; do
    command -v "$tool" >/dev/null || fact missing "$tool"
  done
  command -v postconf >/dev/null || { fact missing postconf; return; }
  DIR=${2:-$(postconf -dh config_directory)}
  fact config_directory "$DIR"
  fact mail_version "$(postconf -dh mail_version)"
  REAL=$(readlink -e -- "$DIR/main.cf") || { fact obstacle "there is no $DIR/main.cf"; return; }
  fact real "$REAL"
  tool=$(obstacle "$REAL")
  [ -z "$tool" ] || fact obstacle "$tool"
  fact swap "$(swap_kind "${REAL%/*}")"
  fact managed "$(mark_of_management "$REAL")"
  fact systemd "$([ -d /run/systemd/system ] && command -v systemd-run || echo no)"
  timeout 30 postfix -c "$DIR" status >/dev/null 2>&1 && fact running yes || fact running no
}
