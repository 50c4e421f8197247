# One file put in the place of another, so that nobody's edit is lost.

lock_edit() { # Postfix's own edit lock, util/edit_file.c: flock(2) on FILE.tmp, held on file descriptor 8
  local tries=0 lock=$REAL.tmp
  while [ $tries -lt 20 ]; do
    tries=$((tries + 1))
    if [ -L "$lock" ] || { [ -e "$lock" ] && [ ! -f "$lock" ]; }; then break; fi
    command exec 8>>"$lock" || return 1
    flock -w "$LOCK_SECONDS" 8 || { exec 8>&-; WHY="another program holds $lock"; return 1; }
    # the one before us may have renamed or removed what we opened: then it is nobody's lock
    [ "$(stat -L -c %d:%i /proc/self/fd/8 2>/dev/null)" = "$(stat -c %d:%i -- "$lock" 2>/dev/null)" ] && return
    exec 8>&-
  done
  WHY="$lock cannot be locked"
  return 1
}

drop_edit() { # removed while it is locked, as edit_file(3) expects: who waits for it looks again
  rm -f -- "$REAL.tmp"
  exec 8>&-
}

dress() { # FILE: owner, mode, ACL, extended attributes and security context of $REAL, a time of its own
  cp --attributes-only --preserve=all -- "$REAL" "$1" && touch -- "$1" &&
    [ "$(stat -c %u:%g:%a -- "$1")" = "$(stat -c %u:%g:%a -- "$REAL")" ]
}

# $OWN: our file beside $REAL, complete; $T/put says its content and which content it is to replace.
own_name() { OWN=${REAL%/*}/.${REAL##*/}.mxtop-$ID; }

place() { # CONTENT EXPECTED: $REAL holds CONTENT, if it held EXPECTED (a sha256) until then; else $WHY
  local wanted code
  own_name
  WHY=
  lock_edit || return 1
  wanted=$(sum "$1")
  rm -f -- "$OWN" "$OWN.new"
  if ! { cat -- "$1" >"$OWN.new" && dress "$OWN.new" && sync "$OWN.new" &&
    [ "$(sum "$OWN.new")" = "$wanted" ]; } 2>"$T/out"; then
    WHY="cannot write beside $REAL: $(complaint)"
  elif ! put "$T/put" "$wanted $2"; then
    WHY="cannot write in $T"
  elif [ "$(readlink -e -- "$LINK")" != "$REAL" ]; then
    WHY="$LINK is another file now"
  elif [ "$(sum "$REAL")" != "$2" ]; then
    WHY="$REAL was changed by somebody else"
  elif ! mv -T -- "$OWN.new" "$OWN" 2>"$T/out"; then
    WHY="cannot write beside $REAL: $(complaint)"
  else
    if [ "$SWAP" = exchange ]; then swap_in "$2"; else rename_in; fi
    code=$?
  fi
  rm -f -- "$OWN.new"
  # $OWN is ours again, or what we replaced, byte for byte: nothing of a stranger's
  rm -f -- "$OWN"
  drop_edit
  [ -z "$WHY" ] || return 1
  sync "${REAL%/*}"
  return "$code"
}

rename_in() {
  mv -T -- "$OWN" "$REAL" 2>"$T/out" || { WHY="$REAL cannot be replaced: $(complaint)"; return 1; }
}

swap_in() { # EXPECTED: what comes out must be it; else it goes back, newest first
  local ours
  ours=$(ident "$OWN")
  exchange "$OWN" "$REAL" 2>"$T/out" || { WHY="$REAL cannot be exchanged: $(complaint)"; return 1; }
  [ "$(sum "$OWN")" = "$1" ] && return
  WHY="$REAL was changed by somebody else"
  put_back "$ours" || keep_stranger
  return 1
}

put_back() { # IDENT: a stranger's file came out of the place where that one went in
  local put=$1 out
  while :; do
    out=$(ident "$OWN")
    exchange "$OWN" "$REAL" 2>"$T/out" || { WHY="$REAL cannot be exchanged: $(complaint)"; return 1; }
    # out comes what we put in; anything else was put there in between, is newer, and goes back too
    [ "$(ident "$OWN")" = "$put" ] && return
    put=$out
  done
}

keep_stranger() { # it cannot go back by exchange: the place is empty, or the file system is gone bad
  cp -- "$OWN" "$T/stranger" 2>/dev/null
  ln -- "$OWN" "$REAL" 2>/dev/null # only where there is nothing: Postfix dies without its main.cf
}

clear_up() { # after a kill: finish or take back a swap that was cut short
  local wanted expected out
  own_name
  rm -f -- "$OWN.new"
  [ -e "$OWN" ] || return 0
  lock_edit || return 1
  read -r wanted expected <"$T/put"
  out=$(sum "$OWN")
  # $OWN holds what came out of the exchange, unless it still is (or is again) what was to go in
  if [ "$out" != "$wanted" ] && [ "$out" != "$expected" ]; then
    if [ "$(sum "$REAL")" = "$wanted" ]; then
      put_back "$(ident "$REAL")" || keep_stranger
    else
      cp -- "$OWN" "$T/stranger" || { drop_edit; return 1; }
    fi
  fi
  rm -f -- "$OWN"
  drop_edit
  sync "${REAL%/*}"
}
