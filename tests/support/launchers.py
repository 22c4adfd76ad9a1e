"""Stand-ins for launchers that no test machine has: each starts a command as the real one does."""

from __future__ import annotations

from pathlib import Path

from support.repo import Repo

#: ``sbatch --export=ALL,NAME=VALUE SCRIPT``: starts the script with the variable, as task 0 (Slurm, sbatch(1)).
_SBATCH = """\
#!/bin/sh
export "${1#--export=ALL,}" SLURM_PROCID=0
exec sh "$2"
"""
#: ``torchrun --nproc-per-node=N SCRIPT``: starts the script N times, each with its RANK (torchrun, "Environment").
_TORCHRUN = """\
#!/bin/sh
count=${1#--nproc-per-node=}
shift
for rank in $(seq 0 $((count - 1))); do
  RANK=$rank WORLD_SIZE=$count python "$@" &
done
wait
"""
#: ``docker build`` copies the files without ``.git``; ``docker run`` starts the entry point in them, with the one
#: build argument as a variable and the one volume as the folder that it is mounted on.
_DOCKER = """\
#!/bin/sh
set -e
image=$HOME/image
case $1 in
build)
  mkdir "$image"
  git ls-files -z | xargs -0 cp --parents --target-directory "$image"
  echo "$3" > "$HOME/argument" ;;
run)
  out=${4%%:*}
  mkdir -p "$out"
  shift 5
  cd "$image"
  entry="labgate experiment run --dir $out --artifact $out/*.json --"
  set -f
  exec env "$(cat "$HOME/argument")" $entry $(echo "$@" | sed "s|/out/|$out/|") ;;
esac
"""


def install(repo: Repo, path: Path) -> None:
    """Put the stand-ins on the repository's PATH."""
    path.mkdir()
    for name, text in (("sbatch", _SBATCH), ("torchrun", _TORCHRUN), ("docker", _DOCKER)):
        (path / name).write_text(text)
        (path / name).chmod(0o755)
    repo.env["PATH"] = f"{path}:{repo.env['PATH']}"
