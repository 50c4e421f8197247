# What there is to tell.  $BASE holds lock, audit.jsonl and txn/ID/: meta (what and where), lines and request (what
# was asked), settings (before and after), before, after and backup (the file), state, begun (who applies), armed
# (who watches), applied (since when), put (what goes in for what), journal, out (of the last command), code (exit code of a
# change that failed), said (all that apply said), run.sh (this script), outcome (what was seen of it); now and then reserve, revert and
# reverted, stranger.

status() {
  local at boot_id left=
  cat "$T/meta"
  printf 'state '
  cat "$T/state"
  if [ "$(state)" = applied ] && read -r at boot_id <"$T/applied" && [ "$boot_id" = "$(boot)" ]; then
    left=$((at + WINDOW * 100 - $(clock)))
    [ $left -gt 0 ] || left=0
    printf 'remaining %s\n' "$left"
  fi
  [ ! -s "$T/code" ] || printf 'code %s\n' "$(cat "$T/code")"
  if [ -s "$T/armed" ] && alive "$T/armed"; then echo 'watchdog alive'; else echo 'watchdog gone'; fi
  [ ! -s "$T/outcome" ] || printf 'outcome %s\n' "$(head -n 1 "$T/outcome")"
  echo settings
  cat "$T/settings"
  echo journal
  cat "$T/journal" 2>/dev/null
}

list() { # the ids, oldest first, and their states
  BASE=$1
  [ -d "$BASE/txn" ] || return 0
  is_ours "$BASE" || die $REFUSED "$BASE is not a directory of this user's own, mode 0700"
  find "$BASE/txn" -mindepth 2 -maxdepth 2 -name meta -printf '%h\n' | sort | while read -r T; do
    printf '%s %s\n' "${T##*/}" "$(state)"
  done
}

start() { # apply, in a session of its own: no terminal and no connection takes it along
  local deadline
  [ "$(state)" = prepared ] || die $REFUSED "$ID is $(state), not prepared"
  setsid sh "$SELF" apply "$BASE" "$ID" </dev/null >/dev/null 2>"$T/said" &
  deadline=$(($(clock) + 1000))
  until [ -e "$T/begun" ]; do # from then on it has left our session
    [ "$(clock)" -lt $deadline ] || die $REFUSED "$ID could not be started"
    sleep 0.05
  done
}

show() { # FILE
  case $1 in before | after | backup | journal | reverted | stranger) cat -- "$T/$1" ;; *) exit $REFUSED ;; esac
}

keep() { # a line comes on stdin: what was foreseen and seen of the change, for its history; nothing here acts on it
  cat >"$T/outcome.new" 2>/dev/null && [ -s "$T/outcome.new" ] && mv -T "$T/outcome.new" "$T/outcome"
}

main() {
  [ $# -ge 2 ] || die $REFUSED "usage: run.sh VERB BASE …"
  VERB=$1
  shift
  case $VERB in
    probe | list | stage) "$VERB" "$@" ;;
    apply | start | watchdog | confirm | rollback | undo | status | recover | keep | show)
      open_transaction "$1" "${2:-}"
      [ "$VERB" != undo ] || { rollback; exit; }
      shift 2
      "$VERB" "$@" ;;
    *) die $REFUSED "there is no verb $VERB" ;;
  esac
  exit
}
