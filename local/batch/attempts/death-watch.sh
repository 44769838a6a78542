#!/bin/sh
# Reads "+ <process group> <job id>" and "- <process group> <job id>" from its standard input. When the input ends, the executor
# is gone, however it went: every job still listed is killed, so that none outlives it.
trap '' TERM INT HUP
alive=''
while read -r change group job; do
  case "$change" in
    +) alive="$alive $group/$job" ;;
    -)
      rest=''
      for entry in $alive; do [ "$entry" = "$group/$job" ] || rest="$rest $entry"; done
      alive=$rest
      ;;
  esac
done
for entry in $alive; do
  kill -KILL "-${entry%%/*}" 2>/dev/null
  # Processes that left the group still carry the job's id in their environment (Linux).
  for found in $(grep -l -z -x -F "AWS_BATCH_JOB_ID=${entry#*/}" /proc/[0-9]*/environ 2>/dev/null); do
    pid=${found#/proc/}
    kill -KILL "${pid%/environ}" 2>/dev/null
  done
done
